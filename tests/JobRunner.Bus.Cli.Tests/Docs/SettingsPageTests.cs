namespace JobRunner.Bus.Cli.Tests.Docs;

/// <summary>docs/settings.md names every setting there is, with its default and meaning as the code has them. <c>SETTINGS_PAGE=write</c> writes it.</summary>
public sealed class SettingsPageTests
{
    private const string Page = "docs/settings.md";

    [Fact]
    public void Its_tables_say_what_the_options_say_of_themselves()
    {
        var page = Pages.Read(Page);
        var filled = SettingsTables.Fill(page);
        if (Environment.GetEnvironmentVariable("SETTINGS_PAGE") == "write")
        {
            File.WriteAllText(Path.Combine(Pages.Root, Page), filled);
            page = filled;
        }

        // Line by line: the first that differs is told whole.
        Assert.Equal(filled.Split('\n'), page.Split('\n'));
    }

    [Fact]
    public void It_has_a_table_of_every_section() =>
        Assert.Equal(SettingsTables.All.Order(StringComparer.Ordinal), SettingsTables.In(Pages.Read(Page)).Order(StringComparer.Ordinal));
}

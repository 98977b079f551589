using JobRunner.Bus.Dashboard.Watch;
using Microsoft.AspNetCore.Components;

namespace JobRunner.Bus.Dashboard.Parts;

/// <summary>A part of a page that is drawn anew whenever there is a new picture.</summary>
public abstract class LivePart : ComponentBase, IDisposable
{
    private int _drawing;

    [Inject]
    private PictureBook Book { get; set; } = null!;

    /// <summary>What is known now.</summary>
    private protected Picture Picture { get; private set; } = new();

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        Picture = Book.Now;
        if (RendererInfo.IsInteractive)
        {
            Book.Changed += DrawAnew;
        }
    }

    /// <summary>There is a new picture; it is drawn after this.</summary>
    private protected virtual void OnPicture()
    {
    }

    private void DrawAnew()
    {
        // A browser that is slow gets the newest picture when it is ready, not one after another.
        if (Interlocked.Exchange(ref _drawing, 1) == 0)
        {
            _ = InvokeAsync(() =>
            {
                Volatile.Write(ref _drawing, 0);
                Picture = Book.Now;
                OnPicture();
                StateHasChanged();
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the drawing.</summary>
    protected virtual void Dispose(bool disposing) => Book.Changed -= DrawAnew;
}

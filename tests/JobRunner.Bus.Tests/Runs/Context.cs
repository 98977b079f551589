using MassTransit;
using MassTransit.Serialization;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>Messages as a consumer gets them.</summary>
internal static class Context
{
    public static ConsumeContext<T> Of<T>(T message, params (string Name, object Value)[] headers)
        where T : class => Of(message, null, headers);

    /// <summary>A message from a broker, with its AMQP properties; from another transport without them.</summary>
    public static ConsumeContext<T> Of<T>(T message, IReadOnlyBasicProperties? properties, params (string Name, object Value)[] headers)
        where T : class
    {
        var sent = new DictionarySendHeaders();
        foreach (var (name, value) in headers)
        {
            sent.Set(name, value, overwrite: true);
        }

        var received = Fake.Of<ReceiveContext>(
            ("get_TransportHeaders", _ => sent),
            ("TryGetPayload", arguments =>
            {
                arguments[0] = properties is null ? null : Fake.Of<RabbitMqBasicConsumeContext>(("get_Properties", _ => properties));
                return properties is not null;
            }
        ));
        return Fake.Of<ConsumeContext<T>>(
            ("get_Message", _ => message),
            ("get_Headers", _ => sent),
            ("get_ReceiveContext", _ => received));
    }
}

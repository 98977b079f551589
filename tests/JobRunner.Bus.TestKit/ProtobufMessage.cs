using System.Buffers.Binary;
using System.Text;

namespace JobRunner.Bus.TestKit;

/// <summary>As much of protocol buffers as it takes to read what OTLP sends: fields by number, in order.</summary>
internal readonly struct ProtobufMessage
{
    private readonly List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> _fields;

    public ProtobufMessage(ReadOnlyMemory<byte> bytes)
    {
        _fields = [];
        while (!bytes.IsEmpty)
        {
            var tag = Varint(ref bytes);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((number, Varint(ref bytes), default));
                    break;
                case 1:
                    _fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span), default));
                    bytes = bytes[8..];
                    break;
                case 2:
                    var length = (int)Varint(ref bytes);
                    _fields.Add((number, 0, bytes[..length]));
                    bytes = bytes[length..];
                    break;
                case 5:
                    _fields.Add((number, BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span), default));
                    bytes = bytes[4..];
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7} of field {number}");
            }
        }
    }

    public IEnumerable<ProtobufMessage> Messages(int number) =>
        _fields.Where(field => field.Number == number).Select(field => new ProtobufMessage(field.Bytes));

    public ulong Number(int number) => _fields.FirstOrDefault(field => field.Number == number).Value;

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number).Span);

    public string Hex(int number) => Convert.ToHexStringLower(Bytes(number).Span);

    public bool Has(int number) => _fields.Exists(field => field.Number == number);

    private ReadOnlyMemory<byte> Bytes(int number) => _fields.FirstOrDefault(field => field.Number == number).Bytes;

    private static ulong Varint(ref ReadOnlyMemory<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes.Span[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace JobRunner.Bus.Cli.Files;

/// <summary>
/// Makes request ids as Spin Cycle's Request Manager does (xid): 20 characters of [0-9a-v] that sort by the second they
/// were made in, then by the order this process made them in.
/// </summary>
internal sealed class RequestIds(TimeProvider time)
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuv";

    private readonly byte[] _process = RandomNumberGenerator.GetBytes(5);
    private uint _counter = (uint)RandomNumberGenerator.GetInt32(1 << 23);

    /// <summary>A new id, different from every other.</summary>
    public string Next()
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)time.GetUtcNow().ToUnixTimeSeconds());
        _process.CopyTo(bytes[4..]);
        var count = Interlocked.Increment(ref _counter);
        bytes[9] = (byte)(count >> 16);
        bytes[10] = (byte)(count >> 8);
        bytes[11] = (byte)count;

        // 12 bytes are 96 bits: 19 groups of five and one bit, which the last character carries on its left.
        Span<char> id = stackalloc char[20];
        for (var i = 0; i < id.Length; i++)
        {
            var bit = i * 5;
            var pair = (bytes[bit / 8] << 8) | (bit / 8 + 1 < bytes.Length ? bytes[(bit / 8) + 1] : 0);
            id[i] = Digits[(pair >> (11 - (bit % 8))) & 31];
        }

        return new string(id);
    }
}

"""Image files for uploads: whole ones, and headers that promise more than the file holds."""

import io
import struct
import zlib

from PIL import Image


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, bits: int, color: int, rows: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def webp_claiming(width: int, height: int) -> bytes:
    canvas = struct.pack("<I", 10) + b"\x10\0\0\0" + (width - 1).to_bytes(3, "little")
    picture = encode(Image.new("RGB", (64, 64)), "WEBP")[12:]
    body = b"WEBPVP8X" + canvas + (height - 1).to_bytes(3, "little") + picture
    return b"RIFF" + struct.pack("<I", len(body)) + body

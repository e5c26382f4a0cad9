#!/usr/bin/python3
"""The golden frames of proto/README.md, judged by Google's protobuf library instead of ours: an independent witness.

golden_peer.py README PROTO_FOLDER           compares; exits 1 on the first difference, 77 where protoc or the library is missing
golden_peer.py README PROTO_FOLDER --write   makes the hex of every frame that has a text from that text
"""
import importlib
import os
import re
import struct
import subprocess
import sys
import tempfile

try:
    from google.protobuf import text_format
except ImportError:
    print("skip: python3-protobuf is not installed")
    sys.exit(77)

FENCE = re.compile(r"^```hex (to_server|to_client) (\S+)( refused \S+(?: \S+)?)?\n(.*?)^```\n(?:```textproto\n(.*?)^```\n)?", re.M | re.S)


def load_envelopes(folder):
    """Generates the Python messages from the .proto files and returns the two envelopes."""
    with tempfile.TemporaryDirectory() as out:
        names = sorted(n[:-6] for n in os.listdir(folder) if n.endswith(".proto"))
        try:
            subprocess.run(["protoc", f"-I{folder}", f"--python_out={out}"] + [f"{folder}/{n}.proto" for n in names], check=True)
        except FileNotFoundError:
            print("skip: protoc is not installed")
            sys.exit(77)
        sys.path.insert(0, out)
        envelope = importlib.import_module("envelope_pb2")
        sys.path.pop(0)
    return {"to_server": envelope.ToServer, "to_client": envelope.ToClient}


def frame_of(message):
    payload = message.SerializeToString(deterministic=True)
    return struct.pack(">I", len(payload)) + payload


def hex_lines(frame):
    header, rest = frame[:4], frame[4:]
    rows = [header] + [rest[i:i + 24] for i in range(0, len(rest), 24)]
    return "".join(row.hex(" ") + "\n" for row in rows)


def read_hex(text):
    return bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))


def judge(envelopes, match):
    """None where the frame is right, else what is wrong."""
    direction, name, refused, digits, text = match.groups()
    frame = read_hex(digits)
    if refused:
        return "a refused frame has no text" if text else None
    if text is None:
        return "the text is missing"
    wanted = text_format.Parse(text, envelopes[direction]())
    if frame != frame_of(wanted):
        return "the bytes are not those of the text"
    got = envelopes[direction].FromString(frame[4:])
    return None if got == wanted else "the bytes say something else than the text"


def main():
    path, folder = sys.argv[1], sys.argv[2]
    envelopes = load_envelopes(folder)
    with open(path, encoding="utf-8") as file:
        document = file.read()
    if "--write" in sys.argv:
        def rewrite(match):
            direction, name, refused, _, text = match.groups()
            if refused:
                return match.group(0)
            frame = frame_of(text_format.Parse(text, envelopes[direction]()))
            return f"```hex {direction} {name}\n{hex_lines(frame)}```\n```textproto\n{text}```\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(FENCE.sub(rewrite, document))
        return 0
    frames = list(FENCE.finditer(document))
    faults = [(m.group(2), why) for m in frames if (why := judge(envelopes, m))]
    for name, why in faults:
        print(f"{name}: {why}")
    if len(frames) != len(re.findall(r"^```hex ", document, re.M)) or len(frames) < 20:
        print(f"only {len(frames)} frames understood")
        return 1
    print(f"{len(frames)} golden frames, {len(faults)} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""An independent speaker of liandong/1: written from the protocol document alone, sharing no code with the client.

Needs Debian's python3-protobuf and protoc; call messages.load() before anything else."""

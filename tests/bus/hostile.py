"""A publisher that keeps no rule: sends frames that must be dropped, and good ones between them."""

import json
import sys
import time

import zmq

socket = zmq.Context().socket(zmq.XPUB)
socket.connect(sys.argv[1])
while socket.recv() != b"\x01log.error":  # the listener's subscription, not the forwarder's own
    pass


def event(seq, **more):
    envelope = {"__event__": "ErrorEvent", "publisher": "hostile", "seq": seq, "v": 1}
    fields = {"component": "c", "message": "路径", "level": "error", "ts": "2025-01-02T01:31:00Z"}
    return json.dumps({**envelope, **fields, **more}).encode()


malformed = [
    [b"log.error"],
    [b"log.error", event(2), b"third"],
    [b"log.error", b""],
    [b"log.error", b"{"],
    [b"log.error", b"[]"],
    [b"log.error", b"\xff\xfe"],
    [b"log.error\xff", event(2)],
    [b"log.error", event(2)[:-1]],
    [b"log.error", event(2) + b"x"],
    [b"log.error", event(2, v=2)],
    [b"log.error", event(2, v="1")],
    [b"log.error", event(-2)],
    [b"log.error", event(0)],
    [b"log.error", json.dumps({"message": "no envelope"}).encode()],
]
oversized = [[b"log.error", event(2, message="x" * (1 << 20))]]
replayed = [[b"log.error", event(1)], [b"log.error", event(1)], [b"log.error", event(9, snapshot=True)]]

socket.send_multipart([b"log.error", event(1)])
for frames in malformed + oversized + replayed:
    socket.send_multipart(frames)
socket.send_multipart([b"log.error", event(2)])
print(json.dumps({"malformed": len(malformed), "oversized": len(oversized), "replayed": len(replayed)}), flush=True)
sys.stdin.read()
socket.close(linger=2000)

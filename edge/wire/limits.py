"""Every size that the contract promises, in one place."""

CHUNK_BYTES = 64 * 1024
"""An exhibit travels in chunks of this size; only its last chunk may be shorter."""

PACKET_BYTES = 96 * 1024
"""No MQTT payload is larger, so that any broker or cloud takes it (the tightest allows 128 KiB)."""

PAYLOAD_BYTES = 64 * 1024
"""A signed payload before base64; its envelope, a third larger, stays under PACKET_BYTES."""

EXHIBIT_BYTES = 8 * 1024 * 1024
EXHIBITS_PER_RECORD = 16
CHUNKS_PER_EXHIBIT = EXHIBIT_BYTES // CHUNK_BYTES
GAPS_PER_RECORD = 256
SAMPLES_PER_RECORD = 128
POLYGON_POINTS = 64
TEXT_CHARS = 300
"""Sentences in messages: long enough to say what was wrong, short enough for a log line."""
TOMBSTONES_PER_RESPONSE = 200
FACTS_PER_RESPONSE = 24
FRAME_PIXELS = 16384
WINDOW_CHUNKS = 8
"""Chunks in flight at most: a cut connection resends at most this many."""

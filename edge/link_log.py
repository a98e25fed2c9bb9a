"""How the connection has fared in the last day. Pure."""

from collections import deque

from edge.wire.status import LinkHealth

_DAY_S = 86_400.0


class LinkLog:
    """Times are monotonic seconds; the log begins disconnected at the time given."""

    def __init__(self, now_s: float) -> None:
        self._gone_since_s: float | None = now_s
        self._downtimes: deque[tuple[float, float]] = deque(maxlen=5000)
        self._reconnects: deque[float] = deque(maxlen=5000)
        self._connected_before = False
        self.bytes_up = 0
        self.bytes_down = 0

    def connected(self, now_s: float) -> None:
        """Said again of the same connection it changes nothing."""
        if self._gone_since_s is None:
            return
        self._downtimes.append((self._gone_since_s, now_s))
        self._gone_since_s = None
        if self._connected_before:
            self._reconnects.append(now_s)
        self._connected_before = True

    def lost(self, now_s: float) -> None:
        if self._gone_since_s is None:
            self._gone_since_s = now_s

    def health(self, now_s: float, cert_days_left: int | None) -> LinkHealth:
        """The figures of the last 24 hours."""
        since_s = now_s - _DAY_S
        spans = [*self._downtimes]
        if self._gone_since_s is not None:
            spans.append((self._gone_since_s, now_s))
        down_s = sum(max(0.0, end - max(begin, since_s)) for begin, end in spans)
        return LinkHealth(
            reconnects_24h=sum(at >= since_s for at in self._reconnects),
            downtime_24h_s=down_s,
            bytes_up=self.bytes_up,
            bytes_down=self.bytes_down,
            cert_days_left=cert_days_left,
        )

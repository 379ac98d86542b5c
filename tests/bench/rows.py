"""The rows of DESIGN.md 11 that can be measured by now, in its order, and one for later comparison."""

from tests.bench import (
    acks,
    commits,
    posting,
    pressing,
    pulling,
    reading,
    rehearsing,
    signing,
    speaking,
    starting,
)
from tests.bench.measuring import Row

ROWS = (
    Row(number=1, name="ack", measure=acks.latency),
    Row(number=2, name="throughput", measure=acks.throughput),
    Row(number=3, name="statements", measure=speaking.speed),
    Row(number=4, name="pull", measure=pulling.against_the_floor),
    Row(number=5, name="stored readings", measure=reading.against_a_thousand),
    Row(number=6, name="start and memory", measure=starting.to_ready),
    Row(number=7, name="digests at once", measure=posting.lateness, within_s=400),
    Row(number=8, name="sends under faults", measure=rehearsing.under_fire, within_s=1_200),
    Row(number=9, name="commits", measure=commits.speed),
    Row(number=10, name="sign-offs", measure=signing.speed),
    Row(number=11, name="sign-offs over HTTP", measure=pressing.speed),
)

"""Manifests: everything that goes out is pinned to something that cannot move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.manifests import digest_of
from schema.attempts import Code, Declined
from schema.manifests import MOVING, pinned
from tests.launch_stage import MANIFEST, PARTS

MOVES = (
    "latest", "LATEST", "main", "master", "HEAD", "dev", "prod", "stable", "current", "nightly", "trunk", "staging",
    "^1.2", "~1.2", ">=1.2", "1.x", "1.2.x", "1.*", "*", "1.2+", "1..3", "origin/main", "refs/heads/release-1", "feature/x1",
    "release/1.2", "gpt-4-latest", "repo:latest", "main~1", "HEAD^2", "champion", "v", "scorer", "ｌａｔｅｓｔ", "${TAG}1",
)  # fmt: skip
STAYS = (
    "3f9c2e1", "a" * 40, "sha256:" + "0f" * 32, "repo:latest@sha256:" + "ab" * 32, "1.2.3", "v1.2.3-rc.1", "1.2.3+build.5", "7",
    "2026-11-02", "20261102", "nightly-2026-11-02", "prompts/v7", "train@2026-10-01", "s3://bucket/set-12", "release-42", "none",
)  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("part", ["code", "model_version", "prompt", "configuration", "data"])
def test_a_name_that_may_move_is_refused_and_says_what_would_work(part, name):
    with pytest.raises(Declined, match=r"pin .* by a hash, a version or a date") as refused:
        pinned({**PARTS, part: name})

    assert refused.value.code in (Code.MOVING, Code.MANIFEST)


@pytest.mark.parametrize("name", STAYS)
@pytest.mark.parametrize("part", ["prompt", "configuration", "data"])
def test_a_name_that_stays_is_taken(part, name):
    manifest = pinned({**PARTS, part: name})

    assert manifest.parts[part] == name


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"code": ""}, "Say what the code is"),
        ({"code": "none"}, "Every launch runs some code"),
        ({"model": "none"}, "Give a model and its version"),
        ({"model_version": "none"}, "Give a model and its version"),
        ({"model": "scorer-latest"}, "pin the model by"),
        ({"prompt": "two words 2"}, "one short word without spaces"),
        ({"prompt": "x1" * 200}, "one short word"),
        ({"prompt": "a\u202e1"}, "one short word"),
        (
            {"model_version": "v3\u200b.1"},
            "Type the model's version by hand; it holds a character that nobody sees",
        ),
        ({"data": "none,train@2026-10-01"}, "leave one of them out"),
        ({"data": ",".join(f"set-{n}" for n in range(51))}, "one digest of a list"),
        ({"data": "  "}, "Say what the data is"),
        ({"weather": "v1"}, "A manifest has no part “weather”"),
    ],
)
def test_what_is_missing_or_wrong_is_named(edits, words):
    with pytest.raises(Declined, match=words):
        pinned({**PARTS, **edits})


def test_a_part_that_does_not_exist_is_said_so():
    manifest = pinned({**PARTS, "model": "none", "model_version": "None", "data": "none"})

    assert (manifest.model, manifest.model_version, manifest.data) == ("none", "none", ("none",))


def test_the_digest_is_of_what_goes_out_and_of_nothing_else():
    same = pinned({**PARTS, "data": " train@2026-10-01 , train@2026-10-01"})
    two = pinned({**PARTS, "data": ("b-1", "a-1")})

    assert same.digest == MANIFEST.digest
    assert two.digest == pinned({**PARTS, "data": "a-1,b-1"}).digest
    assert two.parts["data"] == "a-1, b-1"


@given(st.sampled_from(list(PARTS)), st.sampled_from(("8", "v9.1.0", "abcdef0")))
def test_every_part_counts_in_the_digest(part, other):
    assert pinned({**PARTS, part: other}).digest != MANIFEST.digest


def test_the_same_version_of_two_models_is_not_the_same_manifest():
    assert pinned({**PARTS, "model": "ranker"}).digest != MANIFEST.digest


@given(st.sampled_from(sorted(MOVING)), st.sampled_from(("{}", "v1/{}", "a:{}", "x-1-{}", "{}".upper())))
def test_no_moving_word_passes_at_the_end_of_a_name(word, shape):
    with pytest.raises(Declined):
        pinned({**PARTS, "prompt": shape.format(word)})


@pytest.mark.parametrize(
    "version", ["3.10", "1.00", "12e5", "0012345", "0x1f", "1_000", "2026.1123456789012345"]
)
def test_a_version_in_a_file_is_what_is_written_there_and_no_number(version, tmp_path):
    file = tmp_path / "release.yaml"
    file.write_text(
        "".join(f"{name}: {part}\n" for name, part in {**PARTS, "model_version": version}.items())
    )

    assert digest_of(str(file)) == pinned({**PARTS, "model_version": version}).digest

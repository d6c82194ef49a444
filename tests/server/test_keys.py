"""API keys: who may ask, by every way to show a key, and revoking one."""

import asyncio
import base64
import hmac
from pathlib import Path

import pytest

from solon.errors import UserError
from solon.server.keys import Keys
from tests.server.serving import serving


def bearer(key: str) -> bytes:
    return b"Bearer " + key.encode()


def test_every_key_is_compared_whichever_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLON_API_KEYS", "one, two,three ,")
    seen: list[bytes] = []
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: seen.append(a) or a == b)
    keys = Keys(None)
    for asked, allowed in (("one", True), ("two", True), ("three", True), ("", False), ("on", False), ("one,", False)):
        seen.clear()
        assert keys.allow(bearer(asked)) is allowed
        assert len(seen) == 3
        assert {len(digest) for digest in seen} == {32}


def test_a_key_taken_out_of_the_file_no_longer_counts(tmp_path: Path) -> None:
    file, now = tmp_path / "keys", [0.0]
    file.write_text("first # of the trainer\n\nsecond\n")
    keys = Keys(file, clock=lambda: now[0])
    assert (keys.allow(bearer("first")), keys.allow(bearer("second"))) == (True, True)
    file.write_text("second\n")
    now[0] = 2.0
    assert (keys.allow(bearer("first")), keys.allow(bearer("second"))) == (False, True)
    file.unlink()
    now[0] = 4.0
    assert not keys.allow(bearer("second")), "without its file nobody may ask"
    assert not keys.open
    with pytest.raises(UserError, match="cannot be read"):
        Keys(file)


async def test_whoever_shows_no_key_gets_401_in_the_common_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLON_API_KEYS", "s3kr1t")
    body = {"prompt": "Why?", "responses": ["worth 3"]}
    async with serving() as client:
        basic = base64.b64encode(b"any:s3kr1t").decode()
        for shown, expected in (
            ("Bearer s3kr1t", 200),
            (f"Basic {basic}", 200),
            ("Bearer wrong", 401),
            ("s3kr1t", 401),
            ("Basic !", 401),
            ("", 401),
        ):
            status, told = await client.post("/v1/judge", body, headers={"Authorization": shown})
            assert status == expected, shown
            assert status == 200 or told["error"]["code"] == "unauthorized"
        assert (await client.get("/v1/judgments/x"))[0] == 401
        assert [(await client.get(path))[0] for path in ("/health", "/ready", "/metrics")] == [200, 200, 200]
        written = client.logged() + str((await client.get("/metrics"))[1])
    assert "s3kr1t" not in written


async def test_wrong_missing_and_revoked_keys_are_turned_away_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, body, compared = tmp_path / "keys", {"prompt": "Why?", "responses": ["worth 3"]}, [0]
    equal = hmac.compare_digest
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: compared.append(1) or equal(a, b))
    file.write_text("stays\nalso stays\nrevoked\n")
    told = []
    async with serving(keys=file) as client:
        assert (await client.post("/v1/judge", body, headers={"Authorization": "Bearer revoked"}))[0] == 200
        file.write_text("stays\nalso stays\n")
        await asyncio.sleep(1.1)
        for shown in ("Bearer revoked", "Bearer wrong", "Bearer ", "Basic !", None):
            compared.clear()
            headers = {} if shown is None else {"Authorization": shown}
            async with client.session.post(client.url + "/v1/judge", json=body, headers=headers) as seen:
                rest = {name: value for name, value in seen.headers.items() if name.lower() != "date"}
                told.append((seen.status, rest, await seen.text(), sum(compared)))
    assert told[0][0] == 401
    assert told[0][3] == 2
    assert all(one == told[0] for one in told)

"""Settings in, adapters out: every kind of flag back-end that can be set is one that can be built."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from bot.app_backends import BUILDERS, flag_sites
from bot.config import Settings
from bot.config.flags import Kind

SECRET = "a-token-that-nobody-prints"
WITHOUT_TOKEN = ("flagd-file",)


def settings(folder: Path, kind: str) -> Settings:
    config = folder / "firebreak.toml"
    config.write_text(
        f'[flags.backends.there]\nkind = "{kind}"\nurl = "http://127.0.0.1:1"\nproject = "shop"\n'
        'environments = { production = "live" }\n'
        + ("" if kind in WITHOUT_TOKEN else 'token_from = "THEIR_TOKEN"\n'),
        encoding="utf-8",
    )
    return Settings.load({"THEIR_TOKEN": SECRET}, config, slack=False)


def test_every_kind_that_can_be_set_can_be_built() -> None:
    assert sorted(BUILDERS) == sorted(get_args(Kind))


@pytest.mark.parametrize("kind", BUILDERS)
async def test_a_back_end_is_built_as_it_is_set_and_is_down_without_a_mistake(
    tmp_path: Path, kind: str
) -> None:
    read = settings(tmp_path, kind)
    async with flag_sites(read) as sites:
        site = sites["there"]
        ref = site.ref("production", "gateway")
        assert ref is not None
        assert (ref.backend, ref.key, site.ref("staging", "gateway")) == ("there", "gateway", None)
        health = await site.backend.health()
        assert (health.reachable, SECRET in f"{health} {read!r}") == (False, False)
        assert health.said

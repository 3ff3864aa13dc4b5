"""From the settings to a flag that is held: LaunchDarkly and Flagsmith, each under the name that it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app_backends import flag_sites
from bot.config import Settings
from bot.flags.protocol import FlagRef
from tests.flags.conformance import WHO
from tests.flags.fakes.flagsmith import KEY, FakeFlagsmith
from tests.flags.fakes.flagsmith import WRITER as SMITH_TOKEN
from tests.flags.fakes.launchdarkly import WRITER as LD_TOKEN
from tests.flags.fakes.launchdarkly import FakeLaunchDarkly


@pytest.mark.parametrize("kind", ["launchdarkly", "flagsmith"])
async def test_a_flag_is_held_where_the_settings_say(kind: str, tmp_path: Path) -> None:
    ours = kind == "launchdarkly"
    fake = FakeLaunchDarkly() if ours else FakeFlagsmith(versions=True)
    fake.make("gateway")
    project, env = ("default", "production") if ours else ("1", KEY)
    async with fake.serving():
        config = tmp_path / "firebreak.toml"
        config.write_text(
            f'[flags.backends.theirs]\nkind = "{kind}"\nurl = "{fake.url}"\nproject = "{project}"\n'
            f'environments = {{ production = "{env}" }}\ntoken_from = "THEIR_TOKEN"\n'
        )
        token = LD_TOKEN if ours else SMITH_TOKEN
        settings = Settings.load({"THEIR_TOKEN": token}, config, slack=False)
        async with flag_sites(settings) as sites:
            site = sites["theirs"]
            assert (await site.backend.health()).reachable
            ref = FlagRef("theirs", site.project, site.environments["production"], "gateway")
            receipt = await site.backend.contain(ref, **WHO, op_id="op")
            assert receipt.after.contained
            assert token not in repr(settings)
    assert fake.surprises == []

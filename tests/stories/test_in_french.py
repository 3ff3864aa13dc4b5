"""An incident led in French, from the settings file to the export, with its runbook changed mid-way."""

from __future__ import annotations

from pathlib import Path

from bot import offline
from bot.domain.one_incident import ExportForm
from bot.domain.vocabulary import Phase
from tests.stories.test_stories import settings_for, stage_for


async def test_an_incident_is_led_in_french_and_changes_its_runbook(tmp_path: Path) -> None:
    (tmp_path / "firebreak.toml").write_text('[workspaces.T0SANDBOX]\nlanguage = "fr"\n', encoding="utf-8")
    async with stage_for("socket", tmp_path) as stage:
        ana = stage.slack.person("ana")
        said = await ana.types("/incident P1 les paiements restent dans la file", "payments")
        assert "INC-1 est déclaré en P1" in said.text
        channel = await stage.slack.until(lambda: stage.slack.channel("inc-1-…"))
        await stage.slack.until(lambda: ana.id in channel.members)
        await ana.sees("Pilote\u00a0: personne pour l’instant.", channel.id)
        await ana.sees("Stabilisation\u00a0: 0 sur", channel.id)
        await ana.clicks("Prendre le pilotage", channel=channel.id)
        await ana.sees("pilote à présent", channel.id)

        runbooks = {runbook.id: runbook for runbook in stage.runbooks}
        first, other = runbooks["payment-failures"], runbooks["queue-stuck"]
        assert await _runbook(stage.database) == first.title
        scope = first.phases[Phase.STABILIZE][0]
        await ana.clicks("Fait", near=scope.text, channel=channel.id)
        await ana.sees(f"✅ {scope.text}", channel.id)
        refused = await ana.types("/incident runbook queue-stcuk", channel.id)
        assert "Vouliez-vous dire /incident runbook queue-stuck\u202f?" in refused.text
        await ana.types("/incident runbook", channel.id)
        form = await ana.sees_modal("Changer de runbook")
        assert "parce que le titre dit" in form.text
        await ana.fills({"Continuer avec": other.title})
        await ana.submits()
        await ana.sees(f"a changé de runbook\u00a0: «\u00a0{other.title}\u00a0»", channel.id)
        await ana.sees(other.phases[Phase.STABILIZE][1].text, channel.id)
        await ana.sees(f"✅ {scope.text}", channel.id)

        help_text = (await ana.types("/incident help", channel.id)).text
        assert "voir quel runbook convient, et en changer" in help_text
        exported = await offline.exported(stage.database, 1, ExportForm.MARKDOWN)
        assert "## Chronologie" in exported
        assert f"a fait\u00a0: {scope.text}" in exported.replace("\\", "")
        assert settings_for(stage.slack, "socket", tmp_path).language == "en", "elsewhere it stays English"


async def _runbook(database: offline.Database) -> str:
    incident = await database.incidents.find(1)
    assert incident is not None
    return incident.runbook_title

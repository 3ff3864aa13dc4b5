"""Bring the draft of a postmortem into the incident's channel: as a canvas where there may be one, and as a file.

A canvas is written once and then belongs to those who write in it: no later draft is laid over what they wrote. One
with a lost answer is known by its title line, and one of somebody else's is left alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.commands import Command, LinkCanvas
from bot.domain.incident import Incident
from bot.domain.postmortem import postmortem_title
from bot.domain.vocabulary import FIREBREAK
from bot.slack.budgets import Budgets
from bot.slack.errors import code_of
from bot.slack.face import Face
from bot.slack.reasons import HOPELESS
from bot.slack.text import code, cut
from bot.slack.uploads import Upload, Uploads
from bot.storage.outbox import Promise

TITLE_MAX = 150  # of a canvas, shown on its tab: as long as an incident's
MARKDOWN = "text/markdown"

Drafting = Callable[[int], Awaitable[str]]

# Refusals that say nothing of canvases: then the file would not arrive either, or the answer is not the last word.
PASSING = (
    *("", "ratelimited", "rate_limited"),
    *("internal_error", "fatal_error", "service_unavailable", "request_timeout"),
)
ABOUT_CANVASES = ("missing_scope", "restricted_action")  # of those that are hopeless for a message


@dataclass(frozen=True)
class Page:
    """What became of the canvas: its id where there is a draft of ours in it now, and what to say of it."""

    canvas: str | None
    said: str


class Postmortems:
    """Drafts, once each, whatever of Slack's answers is lost."""

    def __init__(
        self, client: AsyncWebClient, budgets: Budgets, face: Face, uploads: Uploads, draft: Drafting
    ) -> None:
        self._client = client
        self._budgets = budgets
        self._face = face
        self._uploads = uploads
        self._draft = draft

    async def bring(self, promise: Promise, incident: Incident, channel: str) -> Command | None:
        """The draft of this moment; answers what to remember of the canvas."""
        t, text = self._face.t, await self._draft(incident.number)
        page = await self._page(promise, incident, channel, text)
        said = t(
            "*Draft of the postmortem of {incident}*, from its timeline. ✎ marks what people have to write.",
            incident=incident.name,
        )
        upload = Upload(
            data=text.encode(),
            title=postmortem_title(incident, t),
            comment=f"{said} {page.said}",
            stem=f"{incident.name.lower()}-postmortem",
            ending="md",
        )
        await self._uploads.share(promise, channel, upload)
        if page.canvas is None or page.canvas == incident.canvas:
            return None
        return LinkCanvas(by=FIREBREAK, canvas=page.canvas)

    async def _page(self, promise: Promise, incident: Incident, channel: str, text: str) -> Page:
        t = self._face.t
        here = t("It stands in this channel's canvas, too, where everybody can write.")
        if incident.canvas:
            return Page(
                incident.canvas, t("The channel's canvas keeps the draft that people have written in since.")
            )
        try:
            self._budgets.take("conversations.canvases.create", promise.id)
            made = await self._client.conversations_canvases_create(
                channel_id=channel,
                title=cut(postmortem_title(incident, t), TITLE_MAX),
                document_content={"type": "markdown", "markdown": text},
            )
            return Page(str(made["canvas_id"]), here)
        except SlackApiError as error:
            refused = code_of(error)
            if refused in PASSING or (refused in HOPELESS and refused not in ABOUT_CANVASES):
                raise
        if refused == "channel_canvas_already_exists":
            ours = await self._ours(promise, incident, channel)
            if ours is not None:
                return Page(ours, here)
        return Page(None, t("It is in no canvas: {why}", why=self._why(refused)))

    async def _ours(self, promise: Promise, incident: Incident, channel: str) -> str | None:
        """The channel's canvas, if an attempt with a lost answer wrote it."""
        self._budgets.take("conversations.info", promise.id)
        answer = await self._client.conversations_info(channel=channel)
        canvas = answer["channel"].get("properties", {}).get("canvas", {}).get("file_id")
        if not canvas:
            return None
        self._budgets.take("canvases.sections.lookup", promise.id)
        found = await self._client.canvases_sections_lookup(
            canvas_id=canvas,
            criteria={"section_types": ["h1"], "contains_text": postmortem_title(incident, self._face.t)},
        )
        return str(canvas) if found["sections"] else None

    def _why(self, refused: str) -> str:
        """Slack's refusal as a sentence."""
        t = self._face.t
        match refused:
            case "channel_canvas_already_exists":
                return t("this channel has one of its own, and nothing was written into it.")
            case "missing_scope":
                return t(
                    "the app lacks the permission {scope}. Update its manifest ({command}) and reinstall it.",
                    scope=code("canvases:write"),
                    command=code("firebreak manifest"),
                )
            case "canvas_disabled_user_team" | "canvas_disabled_file_team" | "canvas_globally_disabled":
                return t("canvases are switched off in this workspace.")
            case (
                "free_team_not_allowed"
                | "team_tier_cannot_create_channel_canvases"
                | "free_team_canvas_tab_already_exists"
            ):
                return t("this workspace's plan has none to give.")
            case "restricted_action":
                return t("the workspace's settings do not allow it to the bot.")
            case _:
                return t("Slack refused it ({code}).", code=code(refused))

"""Submitting and closing modals: the client's own checks, `view_submission` and what answers it, `view_closed`."""

from __future__ import annotations

from typing import Any

from bot.sandbox import elements, payloads, stacks
from bot.sandbox.delivery import Delivery, Envelope
from bot.sandbox.elements import Spot
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.interactions import Interactions, Outcome, blocks_of
from bot.sandbox.limits import check_view
from bot.sandbox.triggers import Triggers
from bot.sandbox.workspace import Change, Person, View, Workspace

Json = dict[str, Any]

TROUBLE = (
    "We had some trouble connecting. Try again?"  # Slack's words for late, failed and unreadable answers
)
WHOLE_VIEW = ""  # the key in `View.errors` of what is wrong with the modal and with no block of it


class Modals:
    """What a person can do with the modal on top of their stack, apart from filling it in."""

    def __init__(self, interactions: Interactions, triggers: Triggers, delivery: Delivery) -> None:
        self.workspace: Workspace = interactions.workspace
        self._interactions = interactions
        self._triggers = triggers
        self._delivery = delivery

    def top(self, person: Person) -> View:
        """The modal that this person sees."""
        view = stacks.top(self.workspace, person.id)
        if view is None:
            raise NotPossibleError(f"{person.real_name} has no modal open.")
        return view

    def named(self, person: Person, view_id: str) -> View:
        """The modal with this id, if it is the one that this person sees."""
        view = self.top(person)
        if view.id != view_id:
            raise NotPossibleError(f"The view {view_id!r} is not on top of what {person.real_name} has open.")
        return view

    async def submit(self, person: Person, view: View) -> Outcome:
        """Press the modal's Submit. The app hears of it only when the client has nothing to complain about."""
        if view.raw.get("submit") is None or view.raw.get("submit_disabled"):
            raise NotPossibleError("This modal has no Submit button that can be pressed.")
        problems = self._problems(person, view)
        if problems:
            return self._complain(view, problems)
        payload = payloads.submission(self.workspace, person, view, self._response_urls(person, view))
        payload["trigger_id"] = self._triggers.issue(person.id)
        answer = await self._delivery.send(Envelope("interactive", payload))
        if view not in stacks.stack(self.workspace, person.id):
            return Outcome()  # closed in the meantime: nobody is left to look at the answer
        if not answer.ok:
            return self._complain(view, {WHOLE_VIEW: TROUBLE})
        return self._carry_out(view, answer.body)

    async def close(self, person: Person, view: View, *, everything: bool = False) -> Outcome:
        """Press Cancel; with `everything`, the cross that closes the whole stack."""
        cleared = everything or bool(view.raw.get("clear_on_close"))
        going = stacks.stack(self.workspace, person.id) if cleared else [view]
        told = [
            payloads.closing(self.workspace, person, one, is_cleared=cleared)
            for one in reversed(going)
            if one.raw.get("notify_on_close")
        ]
        stacks.close(self.workspace, going[0])
        for payload in told:
            await self._delivery.send(Envelope("interactive", payload))
        return Outcome()

    # the client's side ---------------------------------------------

    def _problems(self, person: Person, view: View) -> dict[str, str]:
        held = self._interactions.values(person, view)
        problems = {}
        for spot in elements.spots(blocks_of(view)):
            if spot.is_input:
                problem = elements.problem(spot, held[spot.block_id][spot.action_id])
                if problem is not None:
                    problems[spot.block_id] = problem
        return problems

    def _complain(self, view: View, errors: dict[str, str]) -> Outcome:
        view.errors = dict(errors)
        self.workspace.changed(Change("view", user=view.user))
        return Outcome(error="\n".join(errors.values()), errors=dict(errors))

    def _response_urls(self, person: Person, view: View) -> list[Json]:
        """One for each menu of conversations that has `response_url_enabled`."""
        held = self._interactions.values(person, view)
        urls = []
        for spot in elements.spots(blocks_of(view)):
            chosen = self._chosen_channel(spot, held)
            if chosen is not None:
                base = self.workspace.base_url
                url = self._triggers.issue_response_url(base, channel=chosen, user=person.id)
                ids = {"block_id": spot.block_id, "action_id": spot.action_id}
                urls.append({**ids, "channel_id": chosen, "response_url": url})
        return urls

    def _chosen_channel(self, spot: Spot, held: dict[str, Json]) -> str | None:
        if not spot.is_input or not spot.element.get("response_url_enabled"):
            return None
        value = elements.held(held[spot.block_id][spot.action_id])
        return value if isinstance(value, str) else None

    # the app's answer ----------------------------------------------

    def _carry_out(self, view: View, body: Json | None) -> Outcome:
        """Nothing closes the modal; `response_action` does what it says; anything else is not understood."""
        if not body:
            stacks.close(self.workspace, view)
            return Outcome()
        match body.get("response_action"):
            case "errors":
                return self._show_errors(view, body.get("errors"))
            case "clear":
                stacks.clear(self.workspace, view.user)
                return Outcome()
            case "update" | "push" as way:
                return self._show_view(view, way, body.get("view"))
        return self._complain(view, {WHOLE_VIEW: TROUBLE})

    def _show_errors(self, view: View, errors: Any) -> Outcome:
        inputs = {spot.block_id for spot in elements.spots(blocks_of(view)) if spot.is_input}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            return self._complain(view, {WHOLE_VIEW: TROUBLE})
        return self._complain(view, {block_id: str(text) for block_id, text in errors.items()})

    def _show_view(self, view: View, way: str, raw: Any) -> Outcome:
        full = len(stacks.stack(self.workspace, view.user)) >= stacks.MOST
        if not isinstance(raw, dict) or (way == "push" and full):
            return self._complain(view, {WHOLE_VIEW: TROUBLE})
        try:
            check_view(raw)
        except SlackError:
            return self._complain(view, {WHOLE_VIEW: TROUBLE})
        if way == "push":
            stacks.push_modal(self.workspace, view.user, raw)
        else:
            stacks.update(self.workspace, view, raw)
        return Outcome()

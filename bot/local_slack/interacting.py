"""Acting on what an app shows: clicking, picking, submitting and closing."""

from bot.local_slack import choosing, modals, payloads, response_urls
from bot.local_slack.acting import CannotAct, channel_id_of
from bot.local_slack.block_texts import option_groups, options
from bot.local_slack.blocks import view_problems
from bot.local_slack.filling import Filling, Spot
from bot.local_slack.posting import slackbot_says
from bot.local_slack.seeding import Member
from bot.local_slack.state import Delivery, Surface, View
from bot.local_slack.values import Channel, Json, User

INPUT_ERROR = "We had some trouble connecting. Try again?"


class Interacting(Filling):
    async def click(
        self,
        user: Member,
        channel: Channel | str,
        ts: str,
        action_id: str,
        *,
        value: object = None,
        block_id: str = "",
    ) -> Delivery:
        """Click a button of a message, or choose `value` in one of its selects, menus, pickers or inputs.

        value     the option's value (or text), a date, a user id, a list where several may be chosen; for a button,
                  which one of several with this action_id
        """
        person = self._person(user)
        spot = self._message_spot(person, channel_id_of(channel), ts)
        return await self._press(person, spot, action_id, value=value, block_id=block_id)

    async def click_view(
        self, user: Member, view_id: str, action_id: str, *, value: object = None, block_id: str = ""
    ) -> Delivery:
        """The same in a modal or on a Home tab."""
        person = self._person(user)
        return await self._press(
            person, self._view_spot(person, view_id), action_id, value=value, block_id=block_id
        )

    async def pick(  # noqa: PLR0917 - one more than click, so that a choice reads as one
        self,
        user: Member,
        channel: Channel | str,
        ts: str,
        action_id: str,
        value: object,
        *,
        block_id: str = "",
    ) -> Delivery:
        """Choose an option of a select or overflow menu."""
        return await self.click(user, channel, ts, action_id, value=value, block_id=block_id)

    async def suggest(
        self, user: Member, where: str, action_id: str, query: str, *, ts: str = ""
    ) -> list[Json]:
        """Type into an external select (`where`: view id, or channel id with ts).

        Returns the options or groups that the person is shown: none when the app gave what Slack refuses.
        """
        person = self._person(user)
        spot = self._message_spot(person, where, ts) if ts else self._view_spot(person, where)
        block, _ = choosing.find(spot.blocks, action_id)
        payload = self._interaction(person, spot, "block_suggestion") | {
            "action_id": action_id,
            "block_id": block["block_id"],
            "value": query,
        }
        delivery = await self._hand(spot, action_id, payload)
        answer = delivery.ack if isinstance(delivery.ack, dict) else {}
        if "option_groups" in answer:
            found, troubles = (
                answer["option_groups"],
                option_groups(answer["option_groups"], "/option_groups"),
            )
        else:
            found = answer.get("options") or []
            troubles = options(found, "/options", least=0)
        delivery.problems += [str(p) for p in troubles]
        return [] if delivery.problems else found

    async def replay(self, delivery: Delivery) -> Delivery:
        """Hand an app the same payload once more, as somebody does who recorded the request (SLACK.md 100)."""
        return await self.deliveries.hand_over(
            self.state.apps[delivery.app_id],
            team_id=delivery.team_id,
            kind=delivery.kind,
            name=delivery.name,
            payload=delivery.payload,
        )

    async def submit(self, user: Member, view_id: str, values: Json | None = None) -> Delivery:
        """Fill a modal and submit it.

        values  {action_id: value} or {block_id: {action_id: value}}, with values as in click()
        raises  CannotAct where the person's client would not send it, such as with a required input left empty
        """
        person = self._person(user)
        spot = self._view_spot(person, view_id)
        view = spot.view
        assert view is not None
        self.fill(user, view_id, values or {})
        view.errors = self._own_complaints(view)
        if view.errors:
            self.state.changes.notify(person.id)
            raise CannotAct("; ".join(f"{k}: {v}" for k, v in view.errors.items()))
        payload = self._interaction(person, spot, "view_submission") | {
            "response_urls": self._view_urls(person, spot)
        }
        name = str(view.content.get("callback_id") or "view_submission")
        payload |= self._trigger(spot.app, person, spot.team_id, name, view_id=view.id)
        delivery = await self._hand(spot, name, payload)
        self._answer_submission(view, delivery)
        return delivery

    def _own_complaints(self, view: View) -> dict[str, str]:
        errors: dict[str, str] = {}
        for block in view.content["blocks"]:
            if block["type"] == "input":
                entry = view.state[block["block_id"]][block["element"]["action_id"]]
                for complaint in choosing.complaints(block, entry):
                    errors[block["block_id"]] = complaint
        return errors

    def _view_urls(self, person: User, spot: Spot) -> list[Json]:
        """Selects with response_url_enabled give the only response URLs that a modal has (SLACK.md 90)."""
        urls: list[Json] = []
        for block in spot.blocks:
            element = block.get("element") or {}
            if not element.get("response_url_enabled") or spot.view is None:
                continue
            entry = spot.view.state[block["block_id"]][element["action_id"]]
            channel_id = entry.get("selected_conversation") or entry.get("selected_channel")
            if channel_id:
                url = response_urls.new_response_url(
                    self.state, spot.app, channel_id=channel_id, user_id=person.id
                )
                place = {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "channel_id": channel_id,
                }
                urls.append(place | {"response_url": url})
        return urls

    def _answer_submission(self, view: View, delivery: Delivery) -> None:
        if not delivery.acked:
            view.errors = {"": INPUT_ERROR}
            self.state.changes.notify(view.user_id)
            return
        answer = delivery.ack if isinstance(delivery.ack, dict) else {}
        match answer.get("response_action"):
            case None:
                self._closed_above(view)
            case "clear":
                modals.close_modal(self.state, view, everything=True)
            case "errors":
                self._show_errors(view, answer.get("errors") or {}, delivery)
            case "update" | "push" as how:
                self._show_next(view, answer.get("view"), str(how), delivery)
            case unknown:
                self._trouble(view, delivery, f"unknown response_action {unknown}")

    def _closed_above(self, view: View) -> None:
        if view.id in self.state.views:
            modals.close_modal(self.state, view)

    def _show_errors(self, view: View, errors: dict[str, str], delivery: Delivery) -> None:
        """Errors may only name input blocks (SLACK.md 131)."""
        inputs = {b["block_id"] for b in view.content["blocks"] if b["type"] == "input"}
        strange = sorted(set(errors) - inputs)
        if strange or not errors:
            self._trouble(view, delivery, f"errors name no input block: {', '.join(strange)}")
            return
        view.errors = dict(errors)
        self.state.changes.notify(view.user_id)

    def _show_next(self, view: View, content: object, how: str, delivery: Delivery) -> None:
        found = view_problems(content)
        stack = self.state.stacks[view.user_id]
        if found or not isinstance(content, dict):
            self._trouble(view, delivery, *(str(p) for p in found))
        elif how == "update":
            modals.fill(self.state, view, content)
        elif len(stack) >= modals.STACK_MAX:
            self._trouble(view, delivery, "push_limit_reached")
        else:
            pushed = modals.new_view(
                self.state, app_id=view.app_id, team_id=view.team_id, user_id=view.user_id, content=content
            )
            modals.push_modal(self.state, pushed, above=view)

    def _trouble(self, view: View, delivery: Delivery, *why: str) -> None:
        delivery.problems += why
        view.errors = {"": INPUT_ERROR}
        self.state.changes.notify(view.user_id)

    async def close_view(self, user: Member, view_id: str, *, everything: bool = False) -> None:
        """Close a modal by its cross or its close button; the app hears of it only with notify_on_close."""
        person = self._person(user)
        spot = self._view_spot(person, view_id)
        assert spot.view is not None
        cleared = everything or bool(spot.view.content.get("clear_on_close"))
        told = [
            self._interaction(person, self._view_spot(person, v.id), "view_closed") | {"is_cleared": cleared}
            for v in [self.state.views[i] for i in self.state.stacks[person.id]]
            if v.content.get("notify_on_close") and (cleared or v is spot.view)
        ]
        modals.close_modal(self.state, spot.view, everything=cleared)
        for payload in told:
            await self._hand(spot, "view_closed", payload)

    def _interaction(self, person: User, spot: Spot, kind: str) -> Json:
        shown = payloads.interaction(self.state, spot.app, kind=kind, user_id=person.id, team_id=spot.team_id)
        if spot.view is not None:
            return shown | payloads.on_view(self.state, spot.view)
        assert spot.message is not None
        return shown | payloads.on_message(
            self.state, spot.message, channel_id=spot.channel_id, ephemeral=spot.ephemeral
        )

    async def _press(
        self, person: User, spot: Spot, action_id: str, *, value: object, block_id: str
    ) -> Delivery:
        block, element = choosing.find(spot.blocks, action_id, block_id=block_id, value=value)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise CannotAct(f"{action_id} is an input: it is sent with submit, not by itself")
        value = self._picked(element, value, team_id=spot.team_id)
        done = choosing.action(block, element, value, action_ts=payloads.action_ts(self.state))
        values = self._remember(person, spot, (block, element), value)
        payload = self._interaction(person, spot, "block_actions") | {"actions": [done]}
        if spot.view is None:
            payload |= self._message_extras(person, spot, values)
        modal = spot.view if spot.view is not None and spot.view.surface is Surface.MODAL else None
        payload |= self._trigger(spot.app, person, spot.team_id, action_id, view_id=modal.id if modal else "")
        delivery = await self._hand(spot, action_id, payload)
        if not delivery.acked and spot.view is None:
            slackbot_says(self.state, spot.channel_id, person.id, "This app did not respond. Try again?")
        return delivery

    def _message_extras(self, person: User, spot: Spot, values: Json) -> Json:
        assert spot.message is not None
        url = response_urls.new_response_url(
            self.state,
            spot.app,
            channel_id=spot.channel_id,
            user_id=person.id,
            original_ts=spot.message["ts"],
            ephemeral=spot.ephemeral,
        )
        return {"state": {"values": values}, "response_url": url}

    async def _hand(self, spot: Spot, name: str, payload: Json) -> Delivery:
        return await self.deliveries.hand_over(
            spot.app, team_id=spot.team_id, kind="interactive", name=name, payload=payload
        )

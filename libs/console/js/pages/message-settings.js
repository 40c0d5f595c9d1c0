import { creditsCard } from "../messaging/settings/credits.js";
import { holdCard } from "../messaging/settings/hold.js";
import { infoCard } from "../messaging/settings/info.js";
import { denylistCard, optOutsCard } from "../messaging/settings/refusals.js";
import { messagesView } from "../messaging/tabs.js";

/** `#/messages/settings`: the hold, the balance, who sends, and whom nothing reaches. */
export function messageSettingsPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const around = { app, signal };
  return messagesView({ title: "메시지 설정", at: "/messages/settings" },
    holdCard(around), creditsCard(around), infoCard(around), denylistCard(around), optOutsCard(around));
}

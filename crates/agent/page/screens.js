// Every screen by the name that the agent gives it.
//
// A screen has `identity(screen)`, a text that changes when it must be drawn anew, and
// `draw(view, { say, act, draft })`, which gives title, body and, where needed, `lead`, `actions` (for the
// foot), `first` (focus at a counter), `update(view)`, `key(event)`, `entered()` and `leave()`.

import { attract } from "./screens/attract.js";
import { busy } from "./screens/busy.js";
import { insertCard, reading } from "./screens/card.js";
import { closed } from "./screens/closed.js";
import { confirm } from "./screens/confirm.js";
import { consents } from "./screens/consents.js";
import { result } from "./screens/result.js";
import { scan } from "./screens/scan.js";
import { selfie } from "./screens/selfie.js";
import { checking, dopa, lost, sending, unpaired } from "./screens/waiting.js";

export { lost, unpaired };

export const screens = {
  attract,
  scan,
  insert_card: insertCard,
  reading,
  checking,
  consents,
  confirm,
  checking_dopa: dopa,
  selfie,
  sending,
  busy,
  result,
  out_of_service: closed,
};

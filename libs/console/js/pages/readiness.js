import { h } from "../ui/dom.js";
import { notice } from "../ui/notice.js";
import { pageOf } from "../ui/page.js";
import { badge } from "../ui/table.js";
import { toast } from "../ui/toast.js";

const COMMANDS = [
  ["배포하려는 환경", "academyctl readiness --env-dir 설정폴더", "설정폴더에는 서비스마다 <서비스>.env, 함께 쓰는 값은 .env를 둡니다."],
  ["컨테이너 이미지까지", "academyctl readiness --env-dir 설정폴더 --docker", "워커 이미지를 실제로 켜 봅니다."],
  ["이 컴퓨터에서 켜 둔 것", "academyctl readiness --local", "make run으로 켜 둔 동안 다른 터미널에서 실행합니다."],
];
const ENDINGS = /** @type {[string, string, string, string][]} */ ([
  ["0", "good", "준비되었습니다", "모든 줄이 PASS입니다."],
  ["1", "bad", "준비되지 않았습니다", "FAIL이 있습니다. 그 줄 아래의 →를 따라 고칩니다."],
  ["3", "warn", "준비되었다고 할 수 없습니다", "FAIL은 없지만 확인하지 못한 SKIP이 있습니다."],
]);

/** `#/operations/readiness`: how to ask whether everything is ready; a browser cannot see it. */
export function readinessPage() {
  return pageOf({ title: "준비 상태", lead: "배포하기 전에 서비스가 딛고 설 모든 것을 확인하는 방법입니다." },
    notice("info", "이 화면에서는 확인할 수 없습니다.",
      h("p", {}, "설정값, 데이터베이스의 권한, 큐의 속성, 저장소의 쓰기 권한은 운영자의 터미널에서만 볼 수 있어 명령으로 확인합니다. 지금 돌아가는 서비스의 모습은 ",
        h("a", { href: "#/operations" }, "운영 현황"), "에 있습니다.")),
    h("section", { class: "card stack", "aria-labelledby": "commands-title" }, h("h2", { id: "commands-title", class: "card-title" }, "실행할 명령"), ...COMMANDS.map(command)),
    h("section", { class: "card", "aria-labelledby": "endings-title" }, h("h2", { id: "endings-title", class: "card-title" }, "결과를 읽는 법"),
      h("p", {}, "줄마다 PASS, SKIP, FAIL과 이유, 고치는 법이 나옵니다. 비밀 값은 어디에도 나오지 않습니다. --json을 더하면 기계가 읽는 보고서가 됩니다."),
      h("dl", { class: "endings" }, ...ENDINGS.map(([code, tone, title, meaning]) =>
        h("div", { class: "ending" }, h("dt", {}, badge(tone, `끝 코드 ${code}`)), h("dd", {}, h("strong", {}, title), h("p", { class: "hint" }, meaning)))))));
}

function command(/** @type {string[]} */ [title, line, hint]) {
  const copy = async () => {
    await navigator.clipboard.writeText(line);
    toast("명령을 복사했습니다.");
  };
  return h("div", { class: "command" }, h("h3", { class: "part-title" }, title),
    h("div", { class: "command-line" }, h("code", { class: "code" }, line),
      "clipboard" in navigator && h("button", { class: "button button-small", type: "button", "aria-label": `복사: ${line}`, onclick: copy }, "복사")),
    h("p", { class: "hint" }, hint));
}

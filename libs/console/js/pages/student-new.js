import { ApiError, newKey } from "../api.js";
import { conflictNotice } from "../students/conflict.js";
import { StudentForm, filled } from "../students/form.js";
import { fill, h } from "../ui/dom.js";
import { errorNotice } from "../ui/notice.js";
import { pageOf } from "../ui/page.js";
import { toast } from "../ui/toast.js";

/** `#/students/new` */
export function newStudentPage(/** @type {import("../router.js").Context} */ { app, signal }) {
  const form = new StudentForm({ anew: true });
  const trouble = h("div", { class: "form-trouble" });
  const submit = h("button", { class: "button button-main", type: "submit" }, "등록");
  let key = newKey();

  const send = async () => {
    fill(trouble);
    if (!form.check()) return;
    const values = filled(form.read());
    submit.disabled = true;
    try {
      const student = await app.students.create(values, key);
      toast(`${student.name} 학생을 등록했습니다.`);
      app.router.go(`/students/${student.id}`);
    } catch (error) {
      if (error instanceof ApiError) key = newKey(); // judged; without an answer the same key makes it one student
      if (!signal.aborted) refused(error, values);
    } finally {
      submit.disabled = false;
    }
  };
  const refused = (/** @type {unknown} */ error, /** @type {Record<string, any>} */ values) => {
    const known = error instanceof ApiError && conflictNotice({ error, values, app, signal });
    if (!known && error instanceof ApiError && form.complain(error)) return;
    const told = known || errorNotice(error);
    fill(trouble, told);
    const next = /** @type {HTMLElement | null} */ (told.querySelector(".actions a, .actions button"));
    (next ?? submit).focus();
  };

  const node = h("form", {
    class: "card student-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      if (!submit.disabled) send();
    },
  }, form.node, trouble, h("div", { class: "actions form-foot" }, submit, h("a", { class: "button", href: app.router.last("/students") }, "취소")));
  return pageOf({ title: "새 학생", crumb: { href: app.router.last("/students"), label: "학생" } }, node);
}

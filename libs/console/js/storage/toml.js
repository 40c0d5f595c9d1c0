/** The policy in force as a text that can be edited and tried: it says the same, without the file's comments. Pure. */

/** @typedef {import("./client.js").Policy} Policy @typedef {import("./client.js").Rule} Rule @typedef {import("./client.js").Fuse} Fuse */

const GIGABYTE = 1e9;
const UNITS = /** @type {[number, string][]} */ ([[86_400, "d"], [3600, "h"], [60, "m"]]);

/** @returns {string} TOML */
export function policyText(/** @type {Policy} */ policy) {
  const fuse = usual(policy.rules);
  return [
    `version = ${policy.version}`,
    `[apply]\nobjects_per_second = ${policy.objects_per_second}\nsample = ${policy.sample}`,
    `[fuse]\n${lines(fuseValues(fuse))}`,
    ...policy.rules.map((rule) => `[[rule]]\n${lines(ruleValues(rule, fuse))}`),
  ].join("\n\n") + "\n";
}

/** @returns {Record<string, string | number>} values as TOML writes them */
function ruleValues(/** @type {Rule} */ rule, /** @type {Fuse} */ usualFuse) {
  const own = Object.entries(fuseValues(rule.fuse)).filter(([name, value]) => value !== fuseValues(usualFuse)[name]);
  return {
    name: JSON.stringify(rule.name), bucket: JSON.stringify(rule.bucket), pattern: JSON.stringify(rule.pattern),
    ...(rule.owner && { owner: JSON.stringify(rule.owner) }),
    ...(rule.from && { from: JSON.stringify(rule.from), age: JSON.stringify(duration(rule.age_seconds)) }),
    action: JSON.stringify(rule.action),
    ...(rule.grace_seconds && { grace: JSON.stringify(duration(rule.grace_seconds)) }),
    ...(!rule.erase && { erase: "false" }),
    ...(own.length && { fuse: `{ ${own.map(([name, value]) => `${name} = ${value}`).join(", ")} }` }),
  };
}

/** @returns {Record<string, number>} */
function fuseValues(/** @type {Fuse} */ { objects, percent, bytes, floor }) {
  return { objects, percent, gigabytes: bytes / GIGABYTE, floor };
}

/** The fuse that most rules have. @returns {Fuse} */
function usual(/** @type {Rule[]} */ rules) {
  const count = (/** @type {Fuse} */ fuse) => rules.filter((rule) => JSON.stringify(rule.fuse) === JSON.stringify(fuse)).length;
  return rules.map((rule) => rule.fuse).reduce((best, fuse) => (count(fuse) > count(best) ? fuse : best));
}

/** 86400 → "1d" @returns {string} */
function duration(/** @type {number} */ seconds) {
  const [size, unit] = UNITS.find(([each]) => seconds % each === 0) ?? UNITS[2];
  return `${seconds / size}${unit}`;
}

/** @returns {string} */
function lines(/** @type {Record<string, string | number>} */ values) {
  return Object.entries(values).map(([name, value]) => `${name} = ${value}`).join("\n");
}

// Jest's transform of TypeScript: Node itself removes the types.
const { stripTypeScriptTypes } = require("node:module");

module.exports = { process: (source) => ({ code: stripTypeScriptTypes(source) }) };

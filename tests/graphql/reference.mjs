// What GraphQL.js, the reference implementation, executes. Run with the folder of its package and the schema; reads cases as
// JSON ([[document, variables, operation], …]) from standard input, and prints for each why it is refused, or null.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.argv[2]}/`);
const { assertValidSchema, buildSchema, graphql, subscribe, parse, validate, getOperationAST } = require("graphql");

const schema = buildSchema(readFileSync(process.argv[3], "utf8"));
assertValidSchema(schema);

async function* nothing() {}
const rootValue = { ticks: nothing, users: nothing };

async function refusal([source, variableValues, operationName]) {
  try {
    const document = parse(source);
    const [error] = validate(schema, document);
    if (error) return error.message;
    if (getOperationAST(document, operationName)?.operation === "subscription") {
      const { errors } = await subscribe({ schema, document, variableValues, operationName, rootValue });
      return errors?.[0].message ?? null;
    }
  } catch (error) {
    return error.message;
  }
  // Without data it is a request error: nothing was executed.
  const result = await graphql({ schema, source, variableValues, operationName });
  return "data" in result ? null : result.errors[0].message;
}

const cases = JSON.parse(readFileSync(0, "utf8"));
const refusals = [];
for (const one of cases) refusals.push(await refusal(one));
console.log(JSON.stringify(refusals));

// A GraphQL server of another make, so that what we understand is the protocol and not our own demo target.
// Run with the folder of its packages; prints its port. GET /count tells how often /graphql was asked.
import { createRequire } from "node:module";
import { createServer } from "node:http";

const require = createRequire(`${process.argv[2]}/`);
const { createSchema, createYoga } = require("graphql-yoga");
const { useAPQ } = require("@graphql-yoga/plugin-apq");

const typeDefs = `
  type Query { hello(name: String!): String  boom: String  bang: String! }
  type Mutation { rename(id: ID!, name: String!): String }
`;
const resolvers = {
  Query: {
    hello: (_, { name }) => `hello ${name}`,
    boom: () => { throw new Error("boom"); },
    bang: () => { throw new Error("bang"); },
  },
  Mutation: { rename: (_, { id, name }) => `${id} is ${name}` },
};
const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), plugins: [useAPQ()], logging: false });
let asked = 0;
const server = createServer((request, response) => {
  if (request.url === "/count") return response.end(String(asked));
  if (request.url === "/html") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end("<h1>maintenance</h1>");
  }
  asked += 1;
  return yoga(request, response);
});
// Ends with the test, however that ends.
process.stdin.resume().on("end", () => process.exit(0));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

// A GraphQL server of another make, so that what we understand is the protocol and not our own demo target.
// Run with the folder of its packages; prints its port. GET /count tells how often /graphql was asked, /listening how many
// subscriptions are open, /params how many connections have said who they are.
import { createRequire } from "node:module";
import { createServer } from "node:http";

const require = createRequire(`${process.argv[2]}/`);
const { createSchema, createYoga } = require("graphql-yoga");
const { useAPQ } = require("@graphql-yoga/plugin-apq");
const { useServer } = require("graphql-ws/use/ws");
const { WebSocketServer } = require("ws");
const { SubscriptionServer } = require("subscriptions-transport-ws");
const { execute, subscribe } = require("graphql");

const typeDefs = `
  input By @oneOf { id: ID  email: String }
  enum Kind { NEW  OLD @deprecated(reason: "use NEW") }
  type Query {
    hello(name: String!): String  boom: String  bang: String!  find(by: By!, kind: Kind, size: Int @deprecated): String
    hallo: String @deprecated(reason: "use \\"hello\\"")
  }
  type Mutation { rename(id: ID!, name: String!): String }
  type Subscription { ticks(count: Int!): Int!  partly: Int  thrown: Int }
`;
let listening = 0;
async function* stream(name, values) {
  listening += 1;
  try {
    for await (const value of values) yield { [name]: value };
  } finally {
    listening -= 1;
  }
}
async function* ticks(count) {
  for (let i = 1; i <= count; i += 1) {
    yield i;
    await new Promise((later) => setTimeout(later, 1));
  }
}
async function* thrown() {
  yield 1;
  throw new Error("lost");
}
const resolvers = {
  Query: {
    hello: (_, { name }) => `hello ${name}`,
    boom: () => { throw new Error("boom"); },
    bang: () => { throw new Error("bang"); },
  },
  Subscription: {
    ticks: { subscribe: (_, { count }) => stream("ticks", ticks(count)) },
    partly: {
      subscribe: () => stream("partly", ticks(2)),
      resolve: ({ partly }) => { if (partly === 2) throw new Error("boom"); return partly; },
    },
    thrown: { subscribe: () => stream("thrown", thrown()) },
  },
  Mutation: { rename: (_, { id, name }) => `${id} is ${name}` },
};
const schema = createSchema({ typeDefs, resolvers });
const yoga = createYoga({ schema, plugins: [useAPQ()], logging: false });
let asked = 0;
let params = 0;
const server = createServer((request, response) => {
  const numbers = { "/count": asked, "/listening": listening, "/params": params };
  if (request.url in numbers) return response.end(String(numbers[request.url]));
  if (request.url === "/html") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end("<h1>maintenance</h1>");
  }
  asked += 1;
  return yoga(request, response);
});
const onConnect = ({ connectionParams }) => {
  if (connectionParams?.token === "bad") return false;
  params += connectionParams?.token ? 1 : 0;
};
// Two servers of WebSockets on one port: the current protocol at /graphql, the one before it at /legacy.
const current = new WebSocketServer({ noServer: true });
useServer({ schema, onConnect }, current);
const legacy = new WebSocketServer({ noServer: true });
SubscriptionServer.create({ schema, execute, subscribe }, legacy);
server.on("upgrade", (request, socket, head) => {
  const sockets = request.url === "/legacy" ? legacy : current;
  sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened, request));
});
// Ends with the test, however that ends.
process.stdin.resume().on("end", () => process.exit(0));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

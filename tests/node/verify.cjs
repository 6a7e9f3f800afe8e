// What npm's standardwebhooks says of deliveries: reads [{secret, headers, body}] (body in base64) from stdin, prints
// one "ok" or the error's name for each.
const { readFileSync } = require("node:fs");
const { Webhook } = require("standardwebhooks");

const opinions = JSON.parse(readFileSync(0, "utf8")).map(({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    return "ok";
  } catch (error) {
    return error.name;
  }
});
process.stdout.write(JSON.stringify(opinions));

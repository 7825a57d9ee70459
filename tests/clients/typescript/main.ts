// Submits a job with the generated types, waits for it, and reads one signed webhook into its generated type.
// `submit.ts` and `webhook.ts` are the blocks of docs/integration.md.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspectHost, type Job } from "./submit.js";
import { readWebhook, type WebhookBody } from "./webhook.js";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const events: WebhookBody[] = [];

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    events.push(readWebhook(Buffer.concat(parts).toString("utf8"), request.headers as Record<string, string>, secret));
    response.writeHead(204).end();
  });
});

async function awaited(type: WebhookBody["type"]): Promise<WebhookBody> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const found = events.find((event) => event.type === type);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no signed ${type} arrived`);
}

function jobIdOf(event: WebhookBody): string | undefined {
  // The type narrows the payload: `retries` is a member of a job's data only.
  return event.type === "job.succeeded" && event.data.retries === undefined ? event.data.job_id : undefined;
}

function nameOf(job: Job): unknown {
  return job.result?.report?.["computer_name"];
}

await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const port = (server.address() as AddressInfo).port;
const job = await inspectHost("purpose=lab", `http://127.0.0.1:${port}/hook`, secret);
const event = await awaited("job.succeeded");
console.log(
  JSON.stringify({
    job_id: job.id,
    state: job.state,
    computer_name: nameOf(job),
    webhook_type: event.type,
    webhook_job_id: jobIdOf(event),
  }),
);
server.close();
server.closeAllConnections();

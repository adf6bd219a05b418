import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** How the script runs: in the page itself, or in a worker that the page starts. */
export type Place = "page" | "worker";

export interface PageServer {
  /** The page that runs the script there. */
  url(place: Place): string;
  /** What the script sends as its report. */
  readonly report: Promise<string>;
  close(): Promise<void>;
}

/**
 * Serves one script, a page that runs it and a place to send a report to, on this machine alone.
 *
 * @param policy the content security policy of page and script; none where nothing is said
 */
export async function servePage(script: string, policy?: string): Promise<PageServer> {
  const starter = `new Worker("/script.js", { type: "module" });`;
  const files: Record<string, readonly [type: string, body: string]> = {
    "/page": ["text/html", page("/script.js")],
    "/worker": ["text/html", page("/start-worker.js")],
    "/script.js": ["text/javascript", script],
    "/start-worker.js": ["text/javascript", starter],
  };
  let told: (report: string) => void;
  const report = new Promise<string>((resolve) => {
    told = resolve;
  });
  const server = createServer((request, response) => {
    if (request.method === "POST") {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        response.end();
        told(body);
      });
      return;
    }
    const [type, body] = files[request.url ?? ""] ?? [];
    if (type === undefined) {
      response.writeHead(404).end();
      return;
    }
    const headers = { "content-type": `${type}; charset=utf-8` };
    response.writeHead(
      200,
      policy === undefined ? headers : { ...headers, "content-security-policy": policy },
    );
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (place) => `http://127.0.0.1:${port}/${place}`,
    report,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function page(script: string): string {
  return `<!doctype html><meta charset="utf-8"><title>portable</title><script type="module" src="${script}"></script>`;
}

/** Server-sent events, as they come in pieces that may end anywhere. */

type Take = (name: string, data: unknown) => void;

/** Cuts a stream into its events; comments keep it alive and mean nothing. */
export class EventReader {
  #rest = "";
  #name = "message";
  #data: string[] = [];
  readonly #decoder = new TextDecoder();

  constructor(private readonly take: Take) {}

  /** Take more of the stream. */
  push(piece: Uint8Array): void {
    this.#rest += this.#decoder.decode(piece, { stream: true });
    let end = this.#rest.indexOf("\n");
    while (end >= 0) {
      this.#line(this.#rest.slice(0, end).replace(/\r$/, ""));
      this.#rest = this.#rest.slice(end + 1);
      end = this.#rest.indexOf("\n");
    }
  }

  #line(line: string): void {
    if (line === "") {
      if (this.#data.length) {
        this.take(this.#name, JSON.parse(this.#data.join("\n")));
      }
      this.#name = "message";
      this.#data = [];
    } else if (line.startsWith("event:")) {
      this.#name = line.slice(6).trim();
    } else if (line.startsWith("data:")) {
      this.#data.push(line.slice(5).replace(/^ /, ""));
    }
  }
}

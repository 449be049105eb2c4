import { readFile } from "node:fs/promises";

export type Level = "debug" | "info" | "error";

export interface Entry {
  readonly time: Date;
  level: Level;
  message: string;
  tags?: string[];
}

const ORDER: Record<Level, number> = { debug: 0, info: 1, error: 2 };

export class Journal<T extends Entry = Entry> {
  private entries: T[] = [];

  constructor(private readonly least: Level = "info") {}

  add(entry: T): boolean {
    if (ORDER[entry.level] < ORDER[this.least]) {
      return false;
    }
    this.entries.push(entry);
    return true;
  }

  *matching(word: string, { tag }: { tag?: string } = {}): Generator<T> {
    for (const entry of this.entries) {
      if (entry.message.includes(word) && (tag === undefined || entry.tags?.includes(tag))) {
        yield entry;
      }
    }
  }
}

export async function readJournal(path: string): Promise<Journal> {
  const journal = new Journal("debug");
  const text = await readFile(path, { encoding: "utf-8" });
  for (const line of text.split("\n")) {
    const match = /^(\S+) (debug|info|error) (.*)$/.exec(line);
    if (!match) {
      continue;
    }
    const [, time, level, message] = match;
    journal.add({ time: new Date(time!), level: level as Level, message: message ?? "" });
  }
  return journal;
}

export abstract class Sink {
  abstract write(entry: Entry): void;

  writeAll(entries: Iterable<Entry>): number {
    let count = 0;
    for (const entry of entries) {
      this.write(entry);
      count += 1;
    }
    return count;
  }
}

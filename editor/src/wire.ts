/** The bodies of the daemon's API that this extension uses; shared/API.md and docs/api.md are their contract. */

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface Edit {
  readonly range: Range;
  readonly new_text: string;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

export interface Timings {
  readonly generate_ms: number;
  readonly total_ms: number;
}

export interface Truncated {
  readonly dropped_tokens: number;
  readonly what: string;
}

export interface Generated {
  readonly backend: string | null;
  readonly model: string | null;
  readonly finish_reason: "stop" | "length" | "cancelled";
  readonly usage: Usage;
  readonly timings: Timings;
  readonly truncated?: Truncated | null;
  readonly masked?: number;
  readonly withheld?: readonly string[];
}

export interface ContextFile {
  readonly path: string;
  readonly content: string;
  readonly language?: string;
  readonly selection?: Range;
}

export interface ContextDiagnostic {
  readonly path: string;
  readonly range: Range;
  readonly message: string;
  readonly severity: string;
  readonly source?: string;
}

export interface ContextUse {
  readonly path: string;
  readonly tokens: number;
  readonly cut: boolean;
  readonly earlier?: boolean;
}

export interface ChatAnswer extends Generated {
  readonly conversation_id: string;
  readonly message: { readonly id: string; readonly content: string; readonly created_at: string };
  readonly context_used: readonly ContextUse[];
}

export interface CompletionAnswer extends Generated {
  readonly id: string;
  readonly completions: readonly { readonly text: string; readonly range: Range }[];
  readonly cached: "no" | "exact" | "typed_through";
  readonly reason?: string | null;
}

export type Severity = "error" | "warning" | "info" | "hint";

export interface Diagnostic {
  readonly source: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly range: Range;
  readonly fix?: readonly Edit[] | null;
  readonly url?: string | null;
}

export interface Analysis {
  readonly language: string | null;
  readonly parse: { readonly ok: boolean; readonly errors: readonly { readonly range: Range; readonly message: string }[] };
  readonly metrics: Readonly<Record<string, number>>;
  readonly diagnostics: readonly Diagnostic[];
  readonly linters: readonly { readonly name: string; readonly ran: boolean; readonly reason?: string | null }[];
}

export interface Unavailable {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | null;
}

export interface Explanation extends Generated {
  readonly summary: string;
  readonly explanation: string;
  readonly sections: readonly { readonly range: Range; readonly text: string }[];
  readonly unavailable?: Unavailable | null;
}

export interface Refactoring extends Generated {
  readonly code: string;
  readonly diff: string;
  readonly changes: readonly { readonly title: string; readonly why: string }[];
  readonly edits: readonly Edit[];
}

export interface Bug {
  readonly range: Range;
  readonly severity: Severity;
  readonly category: string;
  readonly title: string;
  readonly explanation: string;
  readonly suggestion?: string | null;
  readonly source: string;
  readonly confidence: "high" | "medium" | "low";
  readonly url?: string | null;
}

export interface BugReport extends Generated {
  readonly bugs: readonly Bug[];
  readonly unavailable?: Unavailable | null;
}

export interface GeneratedTests extends Generated {
  readonly tests: string;
  readonly framework: string;
  readonly path: string;
  readonly covers: readonly string[];
  readonly unconfirmed?: readonly string[];
}

export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  readonly updated_at: string;
  readonly message_count: number;
  readonly preview: string;
  readonly snippet?: string | null;
}

export interface Message {
  readonly id: string;
  readonly role: "user" | "assistant" | "system" | "tool";
  readonly content: string;
  readonly backend?: string | null;
  readonly model?: string | null;
  readonly error?: string | null;
}

export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly messages: readonly Message[];
}

export interface Health {
  readonly version: string;
}

export interface State {
  readonly condition: "ready" | "loading" | "generating" | "failed";
  readonly version: string;
  readonly backend: string;
  readonly backends: readonly string[];
  readonly models: readonly string[];
  readonly answered_by?: string | null;
  readonly model?: string | null;
  readonly chat_model?: string | null;
  readonly completion_model?: string | null;
  readonly tokens_per_second?: number | null;
  readonly completions_paused_until?: string | null;
  readonly detail?: string | null;
  readonly hint?: string | null;
}

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string | null; readonly request_id?: string };
}

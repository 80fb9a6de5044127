// A failure as the pages show it: from an RFC 9457 problem, a fault of an operation, or a lost connection.
import type { Fault, Problem } from './types';

export interface FieldError {
  location: string;
  message: string;
}

export interface Trouble {
  status: number; // 0: there was no answer
  title: string;
  detail: string;
  hint: string;
  output: string;
  errors: FieldError[];
  link: string; // the page of what stands in the way
  tone: 'bad' | 'warn';
}

export const noTrouble: Trouble = { status: 0, title: '', detail: '', hint: '', output: '', errors: [], link: '', tone: 'bad' };

/** troubleOf reads the body of an answer that is not a success. */
export function troubleOf(status: number, body: unknown): Trouble {
  const p: Partial<Problem> = body && typeof body === 'object' ? body : {};
  const errors = (p.fault?.problems ?? []).map(fieldError);
  return {
    ...noTrouble,
    status,
    title: p.title || `HTTP ${status}`,
    detail: errors.length ? firstLine(p.detail ?? '', errors) : (p.detail ?? ''),
    hint: p.fault?.hint ?? '',
    output: p.fault?.output ?? '',
    errors,
    link: p.holder?.id ? `/operations/${encodeURIComponent(p.holder.id)}` : '',
    tone: status === 409 || status === 403 ? 'warn' : 'bad',
  };
}

/** passing says whether the same request can succeed later: nothing answered, or the cluster was busy. */
export function passing(t: Trouble): boolean {
  return t.status === 0 || t.status === 409 || t.status === 429 || t.status >= 500;
}

/** faultTrouble is the failure of an operation. */
export function faultTrouble(f: Fault, tone: 'bad' | 'warn'): Trouble {
  return { ...noTrouble, title: f.message, hint: f.hint ?? '', output: f.output ?? '', errors: (f.problems ?? []).map(fieldError), tone };
}

// A detail that repeats a problem says nothing new.
function firstLine(detail: string, errors: FieldError[]): string {
  return errors.some((e) => detail.includes(e.message)) ? '' : detail;
}

/**
 * fieldError splits a problem into its place and the rest: "env.quota: value ..." as packages say it, "expected ...
 * (body.input.count: 0)" as the API's document does.
 */
export function fieldError(problem: string): FieldError {
  const own = /^((?:[\w-]+[.])*[\w-]+): (.*)$/s.exec(problem);
  if (own) return { location: own[1] ?? '', message: own[2] ?? '' };
  const document = /^(.*) \(((?:body|query|path)[\w.[\]-]*): .*\)$/s.exec(problem);
  if (document) return { location: document[2] ?? '', message: document[1] ?? '' };
  return { location: '', message: problem };
}

/** linesOf separates the first line of a failure from the output below it, as workflows report them. */
export function linesOf(error: string): { first: string; rest: string } {
  const at = error.indexOf('\n');
  return at < 0 ? { first: error, rest: '' } : { first: error.slice(0, at), rest: error.slice(at + 1) };
}

// A payload as somebody writes it, and what the REST interface takes for it.
import { fromBase64 } from './payload';

export type PayloadForm = 'json' | 'text' | 'base64';

export function guessForm(text: string): PayloadForm {
  try {
    JSON.parse(text);
    return 'json';
  } catch {
    return 'text';
  }
}

// What is wrong with it; "" if nothing is.
export function payloadProblem(form: PayloadForm, text: string): string {
  try {
    if (form === 'json' && text.trim() !== '') JSON.parse(text);
    if (form === 'base64') fromBase64(text.replace(/\s/g, ''));
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

// JSON goes as the text it is: numbers and the order of members stay as they were written.
export function payloadBody(form: PayloadForm, text: string): Record<string, string> {
  return form === 'base64' ? { payload_base64: text.replace(/\s/g, '') } : { payload: text };
}

// Who looks at the pages, and what they may do. Nobody yet: the log-in page is shown in place of any other.
import * as api from '../api/endpoints';
import type { Session } from '../api/types';
import { whenExpired } from '../api/client';
import { forget } from './resource.svelte';

let who = $state.raw<Session>();
let known = $state(false);

export const session = {
  get who() {
    return who;
  },
  /** Whether the first question for a session was answered. */
  get known() {
    return known;
  },
  /** Operators change clusters; viewers see no buttons. */
  get operates() {
    return who?.role === 'operator' || who?.role === 'admin';
  },
  get administers() {
    return who?.role === 'admin';
  },
};

export async function askWho() {
  const answer = await api.session();
  who = answer.value;
  known = true;
  return answer;
}

export async function logOut() {
  await api.logOut();
  who = undefined;
  forget();
}

// A log-in that expired: the log-in page comes, and the page of the place after it.
whenExpired(() => (who = undefined));

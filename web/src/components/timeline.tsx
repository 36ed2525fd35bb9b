// The life of a task, oldest first; what is yet to come is drawn lighter.
import { named } from '../i18n';
import { now } from '../lib/clock';
import { duration, parseTime } from '../lib/format';
import { useStore } from '../lib/store';
import type { Failure, TaskDetail, TimelineEvent } from '../lib/types';
import { ExactTime, When } from './basics';

// Of the others the text says what the name says already.
const kTold = new Set(['failed', 'crashed']);

// What is to be shown: a task that waits for its time is due at it, which is one event.
export function shownEvents(events: TimelineEvent[], failure: Failure | undefined): TimelineEvent[] {
  return events
    .filter((e) => !(e.event === 'scheduled' && e.future && events.some((other) => other.event === 'due')))
    .map((e) => (e.event === 'failed' && failure?.signal ? { ...e, event: 'crashed' } : e));
}

export function Timeline({ task }: { task: Pick<TaskDetail, 'timeline' | 'failure'> }) {
  useStore(now);
  const events = shownEvents(task.timeline, task.failure);
  return (
    <ol class="timeline">
      {events.map((e, i) => {
        const before = parseTime(events[i - 1]?.at);
        const at = parseTime(e.at);
        const gap = before !== null && at !== null && !e.future && at - before >= 1 ? at - before : null;
        return (
          <li key={i} class={`event event-${e.event} ${e.future ? 'future' : ''}`}>
            <div class="event-head">
              <b>{named('event', e.event)}</b>
              {gap !== null && <span class="muted">+{duration(gap)}</span>}
              <span class="grow" />
              <span class="muted">
                <When at={e.at} />
              </span>
            </div>
            <div class="event-time muted">
              <ExactTime at={e.at} />
            </div>
            {kTold.has(e.event) && e.text && <div class="event-text">{e.text}</div>}
          </li>
        );
      })}
    </ol>
  );
}

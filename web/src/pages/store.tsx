// Facts about the store behind the broker.
import { Card, Failed, Loading } from '../components/basics';
import { t } from '../i18n';
import { explain } from '../lib/actions';
import { get } from '../lib/api';
import { useData } from '../lib/query';
import { info } from '../lib/session';
import { settings } from '../lib/settings';
import { useStore } from '../lib/store';
import type { BrokerInfo } from '../lib/types';

const kKinds: Record<string, string> = { redis: 'Redis', sqlite: 'SQLite', memory: 'Memory' };
export const storeName = (kind: string | undefined): string => kKinds[kind ?? ''] ?? t('store');

interface RedisInfo {
  raw_info: string;
}

export function StorePage() {
  const { pollSeconds } = useStore(settings);
  const { data, error, loading, reload } = useData(() => get<BrokerInfo>('broker_info'), [], {
    everySeconds: pollSeconds,
  });
  const about = useStore(info);
  return (
    <>
      <h1>{storeName(data?.kind ?? about?.broker)}</h1>
      {loading && <Loading />}
      {error && <Failed text={explain(error)} retry={reload} />}
      {data && (
        <Card>
          <dl class="list wide-list">
            {data.facts.map((f) => (
              <div key={f.name}>
                <dt>{f.name}</dt>
                <dd>{f.value}</dd>
              </div>
            ))}
          </dl>
        </Card>
      )}
      {about?.features.redis_info && <RawInfo />}
    </>
  );
}

// What Redis says of itself, section by section.
function RawInfo() {
  const { data } = useData(() => get<RedisInfo>('redis_info'), []);
  if (!data?.raw_info) return null;
  const sections = data.raw_info
    .split(/\r?\n(?=# )/)
    .map((text) => text.trim())
    .filter((text) => text.startsWith('# '));
  if (sections.length === 0) return null;
  return (
    <Card title="INFO">
      {sections.map((text) => {
        const [head, ...lines] = text.split(/\r?\n/);
        return (
          <details key={head} class="raw">
            <summary>{head?.replace(/^# /, '')}</summary>
            <pre tabIndex={0}>{lines.join('\n')}</pre>
          </details>
        );
      })}
    </Card>
  );
}

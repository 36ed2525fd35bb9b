// The tubes of the beanstalkd servers behind dq.
import { Card, Empty, Failed, Loading } from '../components/basics';
import { t } from '../i18n';
import { explain } from '../lib/actions';
import { get } from '../lib/api';
import { shortCount } from '../lib/format';
import { useData } from '../lib/query';
import { settings } from '../lib/settings';
import { useStore } from '../lib/store';
import type { DqNode, Tube } from '../lib/types';

const kNumbers = ['ready', 'delayed', 'reserved', 'buried', 'waiting'] as const;

export function Dq() {
  const { pollSeconds } = useStore(settings);
  const { data, error, loading, reload } = useData(() => get<{ nodes: DqNode[] }>('dq'), [], {
    everySeconds: pollSeconds,
  });
  return (
    <>
      <h1>dq</h1>
      {loading && <Loading />}
      {error?.status === 404 ? (
        <Card>
          <Empty icon="dq" title={t('dq.off')}>
            <pre class="example">windlass web --dq-node 127.0.0.1:11300 --dq-node 127.0.0.1:11301</pre>
          </Empty>
        </Card>
      ) : (
        error && <Failed text={explain(error)} retry={reload} />
      )}
      {data?.nodes.map((node) => (
        <Card
          key={node.address}
          title={
            <>
              <span>{node.address}</span>{' '}
              <span class={`badge ${node.error ? 'bad' : 'good'}`}>{t(node.error ? 'dq.down' : 'dq.up')}</span>
            </>
          }
        >
          {node.error ? <p class="card-pad">{node.error}</p> : <Tubes all={node.tubes} />}
        </Card>
      ))}
    </>
  );
}

function Tubes({ all }: { all: Tube[] }) {
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={t('dq.tubes')}>
      <table>
        <thead>
          <tr>
            <th>{t('dq.tube')}</th>
            {kNumbers.map((n) => (
              <th key={n} class="number">
                {t(`dq.${n}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {all.map((tube) => (
            <tr key={tube.name}>
              <td>
                {tube.name}
                {tube.paused ? <span class="badge warn">{t('paused')}</span> : null}
              </td>
              {kNumbers.map((n) => (
                <td key={n} class="number">
                  {tube[n] ? shortCount(Number(tube[n])) : <span class="zero">0</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// Who did what through this server, newest first.
import { Card, Empty, ExactTime, Failed, Link, Loading } from '../components/basics';
import { named, t } from '../i18n';
import { explain } from '../lib/actions';
import { get } from '../lib/api';
import { count } from '../lib/format';
import { useData } from '../lib/query';
import { queueLink, taskLink } from '../lib/router';
import type { AuditEntry } from '../lib/types';

export function Audit() {
  const { data, error, loading, reload } = useData(() => get<{ entries: AuditEntry[] }>('audit', { size: 200 }), [], {
    onActions: true,
  });
  return (
    <>
      <h1>{t('audit')}</h1>
      <Card>
        {loading && <Loading />}
        {error && <Failed text={explain(error)} retry={reload} />}
        {data?.entries.length === 0 && <Empty icon="audit" title={t('audit.none')} />}
        {data && data.entries.length > 0 && (
          <div class="table-box" tabIndex={0} role="region" aria-label={t('audit')}>
            <table>
              <thead>
                <tr>
                  <th>{t('column.at')}</th>
                  <th>{t('column.user')}</th>
                  <th>{t('column.action')}</th>
                  <th>{t('column.task')}</th>
                  <th class="number">{t('column.answer')}</th>
                </tr>
              </thead>
              <tbody>
                {data.entries.map((e, i) => (
                  <tr key={i}>
                    <td>
                      <ExactTime at={e.at} />
                    </td>
                    <td>
                      {e.user}{' '}
                      <span class="muted minor">
                        {e.role} {e.address}
                      </span>
                    </td>
                    <td>
                      {named('action', e.action)}
                      {e.count > 1 && ` (${count(e.count)})`}
                    </td>
                    <td>
                      {e.queue && <Link href={queueLink(e.queue)}>{e.queue}</Link>}{' '}
                      {e.task_id && (
                        <Link class="task-id" href={taskLink(e.queue, e.task_id)}>
                          {e.task_id}
                        </Link>
                      )}
                    </td>
                    <td class="number">{e.status}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Card>
    </>
  );
}

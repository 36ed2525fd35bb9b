import { t } from '../i18n';
import { count } from '../lib/format';
import type { Pager } from '../lib/pages';
import { Button } from './basics';

interface Props {
  pager: Pager;
  next: string;
  shown: number;
  size: number;
  total: number | null; // null: not known, as with filters
}

export function PagerBar({ pager, next, shown, size, total }: Props) {
  const from = pager.index * size + 1;
  const text =
    total === null
      ? t('pager.page', { page: pager.index + 1 })
      : t('pager.of', {
          from: count(from),
          to: count(from + shown - 1),
          total: count(Math.max(total, from + shown - 1)),
        });
  if (pager.index === 0 && next === '') return null;
  return (
    <nav class="pager" aria-label={t('pager')}>
      <span class="muted">{text}</span>
      <Button small icon="left" label={t('pager.back')} disabled={pager.index === 0} onClick={pager.back} />
      <Button small icon="right" label={t('pager.next')} disabled={next === ''} onClick={() => pager.forward(next)} />
    </nav>
  );
}

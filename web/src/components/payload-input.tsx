import { t } from '../i18n';
import { payloadProblem, type PayloadForm } from '../lib/new-payload';
import { Segments } from './basics';

const kForms: PayloadForm[] = ['json', 'text', 'base64'];

interface Props {
  form: PayloadForm;
  text: string;
  onChange: (form: PayloadForm, text: string) => void;
}

export function PayloadInput({ form, text, onChange }: Props) {
  const problem = payloadProblem(form, text);
  return (
    <div class="field payload-input">
      <div class="field-head">
        <label for="payload-text">{t('payload')}</label>
        <Segments
          label={t('payload.form')}
          value={form}
          onChange={(next) => onChange(next, text)}
          choices={kForms.map((f) => ({ value: f, text: t(`form.${f}`) }))}
        />
      </div>
      <textarea
        id="payload-text"
        rows={10}
        spellcheck={false}
        value={text}
        aria-invalid={problem !== ''}
        aria-describedby="payload-problem"
        onInput={(e) => onChange(form, e.currentTarget.value)}
      />
      <p id="payload-problem" class="problem" aria-live="polite">
        {problem}
      </p>
    </div>
  );
}

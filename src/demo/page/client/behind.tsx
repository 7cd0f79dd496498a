/** What goes on behind the chat: read off the real servers that the bot and the worker talk to. */
import type { ReactNode } from 'react';
import type { AuditLine, Behind, JobNow, PodNow } from '../page-state.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page-context.ts';
import { bytes, clockWithSeconds, duration } from './show.ts';

export function BehindPanel(): ReactNode {
  const { words, snapshot } = usePage();
  const { behind } = snapshot;
  return (
    <aside className="pane behind" aria-label={words.behind}>
      <header className="pane-header">
        <Icon name="gauge" />
        <h2>{words.behind}</h2>
      </header>
      <div className="pane-scroll">
        <p className="behind-hint">{words.behindHint}</p>
        {behind === undefined ? null : (
          <>
            {behind.pods.length === 0 ? null : <Pods pods={behind.pods} />}
            <Queue queue={behind.queue} />
            <Bucket bucket={behind.bucket} />
            <Audit audit={behind.audit} />
          </>
        )}
      </div>
    </aside>
  );
}

function Pods({ pods }: { readonly pods: readonly PodNow[] }): ReactNode {
  const { words } = usePage();
  return (
    <section className="panel">
      <h3>{words.pods}</h3>
      <ul className="pods">
        {pods.map((pod) => (
          <Pod key={`${pod.namespace}/${pod.name}`} pod={pod} />
        ))}
      </ul>
    </section>
  );
}

function Pod({ pod }: { readonly pod: PodNow }): ReactNode {
  const { words, snapshot, compose, language } = usePage();
  const { namespace, name, shows, running, jvms, pauses } = pod;
  const [last] = pauses;
  return (
    <li>
      <button
        type="button"
        className="pod"
        title={words.podShows[shows]}
        onClick={() => compose(`${snapshot.command} ${namespace}/${name} `)}
      >
        <span className="pod-name">
          <small>{namespace}/</small>
          {name}
        </span>
        <span className={`tag tag-${shows}`}>{words.podTags[shows]}</span>
      </button>
      {running ? null : <p className="pod-note">{words.podDown}</p>}
      {jvms.map((jvm) => (
        <div className="jvm" key={jvm.name}>
          <span>{jvm.name}</span>
          <Meter value={jvm.usedMb} max={jvm.maxMb} label={words.heapOf(jvm.usedMb, jvm.maxMb)} />
          <small>{words.heapOf(jvm.usedMb, jvm.maxMb)}</small>
        </div>
      ))}
      {last === undefined ? null : (
        <p className="pod-note pod-paused">
          {words.paused(duration(last.ms), clockWithSeconds(last.at, language))}
        </p>
      )}
    </li>
  );
}

function Meter({
  value,
  max,
  label,
}: {
  readonly value: number;
  readonly max: number;
  readonly label: string;
}): ReactNode {
  const percent = max === 0 ? 0 : Math.min(100, (100 * value) / max);
  return (
    <span
      className="meter"
      role="meter"
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-label={label}
    >
      <span style={{ width: `${percent}%` }} />
    </span>
  );
}

function Queue({ queue }: { readonly queue: Behind['queue'] }): ReactNode {
  const { words } = usePage();
  return (
    <section className="panel">
      <h3>
        {words.queue} <small>{words.queueCounts(queue.waiting, queue.active, queue.ended)}</small>
      </h3>
      {queue.jobs.length === 0 ? (
        <p className="panel-empty">{words.queueEmpty}</p>
      ) : (
        <ul className="jobs">
          {queue.jobs.map((job) => (
            <QueuedJob key={job.id} job={job} />
          ))}
        </ul>
      )}
    </section>
  );
}

function QueuedJob({ job }: { readonly job: JobNow }): ReactNode {
  const { words } = usePage();
  const { kind, pod, state, step, sentBytes, totalBytes } = job;
  if (kind === 'sweep') return <li className="job job-sweep">{words.sweep}</li>;
  const doing =
    state === 'active' && step !== undefined ? (words.steps[step] ?? step) : words.jobStates[state];
  return (
    <li className="job">
      <span className="mono">{pod}</span>
      <small>{doing}</small>
      {sentBytes !== undefined && totalBytes !== undefined ? (
        <Meter value={sentBytes} max={totalBytes} label={`${bytes(sentBytes)} / ${bytes(totalBytes)}`} />
      ) : null}
    </li>
  );
}

function Bucket({ bucket }: { readonly bucket: Behind['bucket'] }): ReactNode {
  const { words, language } = usePage();
  const { objects, arriving } = bucket;
  return (
    <section className="panel">
      <h3>
        {words.bucket} <small>oss://{bucket.name}</small>
      </h3>
      {objects.length + arriving.length === 0 ? <p className="panel-empty">{words.bucketEmpty}</p> : null}
      <ul className="objects">
        {arriving.map(({ key, parts, sizeBytes }) => (
          <li key={`${key} …`} className="object object-arriving">
            <Icon name="file" size={16} />
            <FileName name={fileName(key)} />
            <small>
              {words.arriving(parts)} · {bytes(sizeBytes)}
            </small>
          </li>
        ))}
        {objects.map(({ key, sizeBytes, at }) => (
          <li key={key} className="object" title={key}>
            <Icon name="file" size={16} />
            <FileName name={fileName(key)} />
            <small>
              {bytes(sizeBytes)} · {clockWithSeconds(at, language)}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Both ends say something: whose dump it is, and which of its files. */
const FileName = ({ name }: { readonly name: string }): ReactNode => (
  <span className="mono file-name">
    <span>{name.slice(0, -FILE_END_CHARS)}</span>
    {name.slice(-FILE_END_CHARS)}
  </span>
);

const FILE_END_CHARS = 20;
const fileName = (key: string): string => key.split('/').at(-1) ?? key;

function Audit({ audit }: { readonly audit: readonly AuditLine[] }): ReactNode {
  const { words, snapshot, language } = usePage();
  return (
    <section className="panel">
      <h3>
        {words.audit} <small>heapdump:audit</small>
      </h3>
      {audit.length === 0 ? <p className="panel-empty">{words.auditEmpty}</p> : null}
      <ol className="audit">
        {audit.map(({ id, at, event, by, target, requestId }) => (
          <li key={id}>
            <time dateTime={new Date(at).toISOString()}>{clockWithSeconds(at, language)}</time>
            <span className={`audit-event ${TONES[event] ?? ''}`}>{words.events[event] ?? event}</span>
            <small>
              {by === 'bot' ? words.bot : (snapshot.names[by] ?? by).replace(/ \(.*/, '')} ·{' '}
              {target.split('/').at(-1)} · {requestId}
            </small>
          </li>
        ))}
      </ol>
    </section>
  );
}

const TONES: Readonly<Record<string, string>> = {
  approved: 'good',
  completed: 'good',
  'link-handed-out': 'good',
  denied: 'bad',
  failed: 'bad',
  'refused-by-policy': 'bad',
  'decision-refused': 'bad',
  'link-refused': 'bad',
};

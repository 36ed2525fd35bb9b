// What the REST interface says, as GET /api/openapi.json describes it. Times are RFC 3339 text, "" where there is none.

export const kStates = ['active', 'pending', 'aggregating', 'scheduled', 'retry', 'archived', 'completed'] as const;
export type State = (typeof kStates)[number];

export interface Queue extends Record<State, number> {
  queue: string;
  paused: boolean;
  size: number;
  groups: number;
  latency_msec: number;
  memory_usage_bytes: number;
  processed: number;
  failed: number;
  expired: number;
  processed_total: number;
  failed_total: number;
  timestamp: string;
}

export interface DailyStats {
  queue: string;
  date: string;
  processed: number;
  failed: number;
  expired: number;
}

export interface Progress {
  percent: number;
  text: string;
}

// A task as lists show it.
export interface Task {
  id: string;
  queue: string;
  type: string;
  state: State;
  payload: string;
  payload_encoding: 'text' | 'binary';
  payload_truncated: boolean;
  headers: Record<string, string>;
  max_retry: number;
  retried: number;
  crashes: number;
  error_message: string;
  failure_kind: string;
  group: string;
  enqueued_at: string;
  progress?: Progress;
  start_time?: string;
  deadline?: string;
  is_orphaned?: boolean;
  owner?: string;
  overrun?: boolean;
  next_process_at?: string;
  last_failed_at?: string;
  completed_at?: string;
  result?: string;
  result_encoding?: 'text' | 'binary';
  ttl_seconds?: number;
}

export interface TimelineEvent {
  at: string;
  event: string;
  text: string;
  future?: boolean;
}

export interface Failure {
  kind: string;
  message: string;
  exit_code?: number;
  signal?: number;
  signal_name?: string;
  detail: string;
}

// A task as its own page shows it.
export interface TaskDetail extends Task {
  payload_size: number;
  result_size: number;
  payload_base64?: string;
  result_base64?: string;
  result_truncated?: boolean;
  timeout_seconds: number;
  retention_seconds: number;
  unique_key: string;
  expires_at: string;
  scheduled_at: string;
  started_at: string;
  archived_at: string;
  delete_at: string;
  orphaned: boolean;
  failure?: Failure;
  timeline: TimelineEvent[];
}

export interface TaskPage {
  tasks: Task[];
  next: string;
  groups?: Group[];
}

export interface SearchPage {
  tasks: Task[];
  next: string;
  looked_at: number;
}

export interface Group {
  group: string;
  size: number;
}

export interface Worker {
  task_id: string;
  queue: string;
  task_type: string;
  task_payload: string;
  start_time: string;
  deadline?: string;
  overrun: boolean;
  progress?: Progress;
}

export interface Server {
  id: string;
  host: string;
  pid: number;
  concurrency: number;
  queue_priorities: Record<string, number>;
  strict_priority_enabled: boolean;
  start_time: string;
  status: string;
  active_workers: Worker[];
}

export interface SchedulerEntry {
  id: string;
  spec: string;
  task_type: string;
  task_payload: string;
  options: string[];
  next_enqueue_at: string;
  prev_enqueue_at?: string;
  factory: boolean;
}

export interface EnqueueEvent {
  task_id: string;
  enqueued_at: string;
  tick: string;
}

export interface SeriesPoint extends Record<State, number> {
  t: string;
  latency_msec: number;
  processed: number;
  failed: number;
}

export type Range = 'hour' | 'day' | 'week';

export interface Series {
  range: Range;
  step_seconds: number;
  points: SeriesPoint[];
}

export type Role = 'viewer' | 'operator' | 'admin';

export interface Session {
  authenticated: boolean;
  login_required: boolean;
  methods: string[];
  user: string;
  role: Role;
  csrf_token: string;
  read_only: boolean;
}

export interface Info {
  name: string;
  version: string;
  broker: string;
  root_path: string;
  payload_max_bytes: number;
  features: { dq: boolean; history: boolean; login: boolean; redis_info: boolean; metrics: boolean };
}

export interface BrokerInfo {
  kind: string;
  facts: { name: string; value: string }[];
}

export interface Tube extends Record<string, string | number | boolean> {
  name: string;
}

export interface DqNode {
  address: string;
  error?: string;
  tubes: Tube[];
}

export interface AuditEntry {
  at: string;
  user: string;
  role: string;
  address: string;
  action: string;
  queue: string;
  task_id: string;
  count: number;
  status: number;
}

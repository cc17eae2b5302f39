/** Sessions, as whoever runs their turns and shows them asks for them: the interface of their store. No I/O. */
import type { TenantPlace } from '../tenant.ts'
import type {
  Appended,
  BeginAsk,
  Begun,
  EndAsk,
  ItemQuery,
  NewRow,
  RowsPage,
  SealedSummary,
  SessionHead,
  SessionPolicy,
  SessionRow,
} from './types.ts'

/**
 * One writer per session. Contents are opaque to it. Every call rejects when that cannot be done, or told, in time; what
 * was asked may then still happen, and is safe to ask again.
 */
export interface SessionStore {
  /** False where there is one already. */
  create(
    place: TenantPlace,
    session: string,
    metadata: string | null,
    row: NewRow | null,
    policy: SessionPolicy,
  ): Promise<boolean>
  begin(place: TenantPlace, session: string, ask: BeginAsk): Promise<Begun>
  /** False: the session is another turn's. */
  renew(place: TenantPlace, session: string, turnId: string): Promise<boolean>
  /** `stale`: nothing was kept, for the session is not what it was when the turn began. */
  end(place: TenantPlace, session: string, ask: EndAsk): Promise<'kept' | 'stale'>
  /** The history stays as it was; that the turn was is marked. `birth` as it began with. */
  abandon(
    place: TenantPlace,
    session: string,
    turn: { readonly id: string; readonly birth: string },
    status: 'broken' | 'cancelled',
    policy: SessionPolicy,
  ): Promise<void>
  /** `items` are refused while a turn runs; a `message` is not. */
  append(
    place: TenantPlace,
    session: string,
    kind: 'items' | 'message',
    row: NewRow,
    policy: SessionPolicy,
  ): Promise<Appended>
  removeItem(
    place: TenantPlace,
    session: string,
    /** The row as `rowOf` had it. */
    from: { readonly seq: number; readonly epoch: number },
    /** What stays of the row; null: nothing. */
    left: NewRow | null,
    /** Tells of it. */
    mark: NewRow,
    policy: SessionPolicy,
  ): Promise<Appended>
  /** What stands for the oldest rows from now on; nothing where the session has changed since `epoch`. */
  summarise(place: TenantPlace, session: string, epoch: number, summary: SealedSummary): Promise<void>
  setMetadata(
    place: TenantPlace,
    session: string,
    metadata: string | null,
    policy: SessionPolicy,
  ): Promise<SessionHead | null>
  /** Null: there is no such session. So it is with the others. */
  head(place: TenantPlace, session: string): Promise<SessionHead | null>
  /** Rows of the page asked for, see RowsPage. `no-item`: none to come after. */
  page(place: TenantPlace, session: string, query: ItemQuery): Promise<RowsPage | 'no-item' | null>
  rowOf(
    place: TenantPlace,
    session: string,
    itemId: string,
  ): Promise<{ readonly row: SessionRow | null; readonly epoch: number } | null>
  /** Lines of JSON, a SessionRow each, from after `after` on and without end; an empty line in every silence. */
  listen(place: TenantPlace, session: string, after: number): Promise<ReadableStream<Uint8Array> | 'full' | null>
  /**
   * Holds a replay for a socket that comes next. Rows: there are more than the replay knows of, bring those too. Events
   * from then on come to the socket as they are.
   */
  hold(
    place: TenantPlace,
    session: string,
    ticket: string,
    after: number,
    texts: readonly string[],
  ): Promise<readonly SessionRow[] | 'held' | 'full' | null>
  /** A WebSocket on the session, for whom a replay is held; 101, or the status that says why not. */
  connect(place: TenantPlace, session: string, ticket: string): Promise<Response>
  /** False: there was none. */
  delete(place: TenantPlace, session: string): Promise<boolean>
  /** For good: its tenant is no more. */
  erase(place: TenantPlace, session: string): Promise<void>
}

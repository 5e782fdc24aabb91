/** What is known of a member: an id, and whatever else the others are to see. */
export interface PresenceMember {
  /** Who it is: 1 to 256 characters. Connections with the same id (tabs, devices) are one member. */
  readonly id: string;
}

/** That somebody came, left, or is described in another way. */
export interface PresenceChange<M extends PresenceMember = PresenceMember> {
  /** `update`: one who is here has connected again with other data. */
  readonly type: 'join' | 'leave' | 'update';
  readonly id: string;
  readonly member: M;
  /** How many members are here after it. */
  readonly count: number;
}

/** All who are here. */
export interface PresenceState<M extends PresenceMember = PresenceMember> {
  readonly type: 'here';
  readonly members: readonly M[];
  readonly count: number;
}

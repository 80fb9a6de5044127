// The resources of the API under the names that the pages use. They are generated from openapi.json: `npm run api`.
import type { components } from './schema';

type Schemas = components['schemas'];

export type App = Schemas['AppView'];
export type AppDetail = Schemas['AppDetail'];
export type AuditEntry = Schemas['Audit'];
export type Backup = Schemas['BackupView'];
export type Cluster = Schemas['Cluster'];
export type ClusterChange = Schemas['EditClusterInput'];
export type ClusterValues = Schemas['ClusterValues'];
export type Concern = Schemas['Concern'];
export type Examination = Schemas['Examination'];
export type Fault = Schemas['Fault'];
export type Finding = Schemas['Finding'];
export type Health = Schemas['Health'];
export type Held = Schemas['Held'];
export type Host = Schemas['HostView'];
export type Node = Schemas['NodeView'];
export type Operation = Schemas['Operation'];
export type OperationResult = Schemas['OperationResult'];
export type Orphan = Schemas['Orphan'];
export type OrphanList = Schemas['OrphanList'];
export type Plan = Schemas['Plan'];
export type Problem = Schemas['Problem'];
export type Provider = Schemas['ProviderView'];
export type Role = Schemas['Session']['role'];
export type Session = Schemas['Session'];
export type Token = Schemas['Token'];
export type ValueChanges = Schemas['ValueChanges'];
export type Waiting = Schemas['Waiting'];

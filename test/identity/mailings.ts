import { Client, Connection } from '@temporalio/client';
import { at } from '../support/rest.ts';
import { waitFor } from '../support/wait.ts';

/** Shows which mails the worker was asked to send. */
export interface Mailings extends AsyncDisposable {
  /**
   * Waits until the worker has processed a request for a mail. If there is a mail to send, it is sent by then.
   * @returns the template, and the names of all fields of the workflow's input
   */
  done(requestId: string): Promise<{ template: unknown; fields: string[] }>;
}

export async function openMailings({ temporalAddress }: { temporalAddress: string }): Promise<Mailings> {
  const connection = await Connection.connect({ address: temporalAddress });
  const { workflow } = new Client({ connection });
  const since = new Date(Date.now() - 1_000).toISOString();
  const inputs = new Map<string, unknown>();

  async function find(requestId: string): Promise<string | undefined> {
    const query = `WorkflowType = 'sendEmail' and StartTime > '${since}'`;
    for await (const { workflowId } of workflow.list({ query })) {
      if (!inputs.has(workflowId)) {
        const { events } = await workflow.getHandle(workflowId).fetchHistory();
        const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
        const input: unknown = JSON.parse(Buffer.from(payload ?? []).toString('utf8'));
        inputs.set(workflowId, input);
      }
      if (at(inputs.get(workflowId), 'requestId') === requestId) return workflowId;
    }
    return undefined;
  }

  return {
    async done(requestId) {
      const workflowId = await waitFor(`the mailing of ${requestId}`, () => find(requestId));
      await workflow.getHandle(workflowId).result();
      const input = inputs.get(workflowId);
      const fields = typeof input === 'object' && input !== null ? Object.keys(input) : [];
      return { template: at(input, 'template'), fields };
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

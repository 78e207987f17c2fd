import type { AppDeps } from '../app-env.ts';
type TextSchema = {
    type: 'string';
    format?: 'binary' | 'uri';
    description?: string;
};
type Schema = {
    type: 'string';
    format: 'binary';
} | {
    type: 'object';
    required: string[];
    properties: Record<string, TextSchema | {
        type: 'array';
        items: {
            type: 'string';
        };
        description: string;
    }>;
} | {
    anyOf: Schema[];
};
type UploadBody = {
    required: true;
    content: Record<string, {
        schema: Schema;
    }>;
};
/** Not validated by the framework: bodies are read by `readUpload`, under its limits. */
export declare function describeUpload(fields: readonly string[], { fetchPicture, byUpload }: {
    readonly fetchPicture?: AppDeps['fetchPicture'] | undefined;
    readonly byUpload?: boolean;
}): UploadBody;
/** The statuses every upload may end with. */
export declare const UPLOAD_PROBLEMS: readonly [400, 401, 403, 404, 408, 413, 415, 422, 429, 503, 504];
export {};
